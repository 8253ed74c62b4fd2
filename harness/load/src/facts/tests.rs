//! What the document says of a small fleet.

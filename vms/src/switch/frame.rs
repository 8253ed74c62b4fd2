//! Ethernet frames, and how QEMU sends them over a stream: each after its length as four bytes, the highest first.
//!
//! Flows in: bytes, cut anywhere. Flows out: frames, each once and in order; or what is wrong with the bytes. Must not:
//! hold more than one frame and the piece that was just read.
//!
//! Source: QEMU `net/stream.c` and `net/net.c` (`net_fill_rstate`); qemu(1), `-netdev stream`.

use std::sync::Arc;

use super::mac::Mac;

/// Bytes that a frame may have: enough for every MTU up to 65,522.
pub const LONGEST: usize = 64 * 1024;
/// Bytes of the shortest frame that can be carried: two addresses and a type. A network card pads no further.
pub const SHORTEST: usize = 14;
const LENGTH: usize = 4;

/// A frame that can be carried. Clones share its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Arc<[u8]>);

/// Bytes that are no frame: fewer than 14, or more than 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame has {SHORTEST} to {LONGEST} bytes, this one {0}")]
pub struct NoFrame(pub usize);

/// Why nothing more can be read from a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A frame without a byte was announced.
    #[error("a frame of 0 bytes was announced")]
    Empty,
    /// A frame was announced that is longer than any.
    #[error("a frame of {0} bytes was announced, at most {LONGEST} are taken")]
    TooLong(u32),
    /// The stream ended within a frame.
    #[error("the stream ended within a frame, after {there} of its bytes")]
    CutOff {
        /// Bytes that were there, those of the length among them.
        there: usize,
    },
}

impl Frame {
    /// A frame of these bytes: destination, source, type, content.
    ///
    /// # Errors
    /// There are too few, or too many.
    pub fn new(bytes: &[u8]) -> Result<Self, NoFrame> {
        match bytes.len() {
            SHORTEST..=LONGEST => Ok(Self(bytes.into())),
            length => Err(NoFrame(length)),
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// To whom it goes.
    #[must_use]
    pub fn destination(&self) -> Mac {
        self.address(0)
    }

    /// Of whom it says that it comes.
    #[must_use]
    pub fn source(&self) -> Mac {
        self.address(6)
    }

    /// Appends it as it goes over a stream.
    pub fn encode(&self, to: &mut Vec<u8>) {
        // It has at most 64 KiB.
        to.extend((self.0.len() as u32).to_be_bytes());
        to.extend_from_slice(&self.0);
    }

    fn address(&self, from: usize) -> Mac {
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&self.0[from..from + 6]);
        Mac(bytes)
    }
}

/// A stream that is being read.
#[derive(Debug, Default)]
pub struct Decoder {
    unfinished: Vec<u8>,
}

impl Decoder {
    /// Reads on, and hands the bytes of each frame that ends here to `each`: 1 to 65,536, which need not be a [`Frame`].
    ///
    /// # Errors
    /// The stream is malformed. Those frames that came before were handed on; nothing can be read after it.
    pub fn read(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Malformed> {
        self.unfinished.extend_from_slice(bytes);
        let mut rest = &self.unfinished[..];
        let read = loop {
            let announced = match announced(rest) {
                Ok(announced) => announced,
                Err(malformed) => break Err(malformed),
            };
            let end = announced.map(|length| LENGTH + length).filter(|end| *end <= rest.len());
            let Some(end) = end else { break Ok(()) };
            each(&rest[LENGTH..end]);
            rest = &rest[end..];
        };
        let taken = self.unfinished.len() - rest.len();
        self.unfinished.drain(..taken);
        read
    }

    /// Tells whether the stream may end here.
    ///
    /// # Errors
    /// It is within a frame.
    pub fn finish(&self) -> Result<(), Malformed> {
        match self.unfinished.len() {
            0 => Ok(()),
            there => Err(Malformed::CutOff { there }),
        }
    }
}

/// The length of the first frame, once that is there.
fn announced(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(length) = bytes.first_chunk::<LENGTH>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length);
    match length as usize {
        0 => Err(Malformed::Empty),
        length @ 1..=LONGEST => Ok(Some(length)),
        _ => Err(Malformed::TooLong(length)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{Decoder, Frame, LENGTH, LONGEST, Malformed, NoFrame};

    /// What comes out of a stream that arrives in pieces of these sizes, again and again.
    fn decode(stream: &[u8], sizes: &[usize]) -> (Vec<Vec<u8>>, Result<(), Malformed>) {
        let (mut decoder, mut frames, mut rest) = (Decoder::default(), Vec::new(), stream);
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*size).min(rest.len()));
            if let Err(malformed) = decoder.read(now, |frame| frames.push(frame.to_vec())) {
                return (frames, Err(malformed));
            }
            assert!(
                decoder.unfinished.len() < LENGTH + LONGEST,
                "it holds less than a frame between two pieces"
            );
            rest = later;
        }
        (frames, decoder.finish())
    }

    fn encode(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        frames.iter().for_each(|frame| Frame::new(frame).unwrap().encode(&mut stream));
        stream
    }

    #[test]
    fn a_frame_goes_as_its_length_and_its_bytes() {
        let frame: Vec<u8> = (0..14).collect();
        assert_eq!(encode(std::slice::from_ref(&frame)), [&[0, 0, 0, 14], &frame[..]].concat());
        let frame = Frame::new(&frame).unwrap();
        assert_eq!(frame.destination().to_string(), "00:01:02:03:04:05");
        assert_eq!(frame.source().to_string(), "06:07:08:09:0a:0b");
    }

    #[test]
    fn lengths_at_the_limits() {
        assert_eq!(Frame::new(&[0; 13]), Err(NoFrame(13)));
        assert_eq!(Frame::new(&vec![0; LONGEST + 1]), Err(NoFrame(65_537)));
        let longest = vec![7; LONGEST];
        assert_eq!(decode(&encode(std::slice::from_ref(&longest)), &[9_999]), (vec![longest], Ok(())));
        let mut decoder = Decoder::default();
        assert_eq!(decoder.read(&[0, 1, 0, 1], |_| {}), Err(Malformed::TooLong(65_537)));
        assert_eq!(Decoder::default().read(&[0xff; 4], |_| {}), Err(Malformed::TooLong(u32::MAX)));
        assert_eq!(Decoder::default().read(&[0; 4], |_| {}), Err(Malformed::Empty));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_frames_are_the_same(
            frames in vec(vec(any::<u8>(), 14..300), 0..12),
            sizes in vec(1_usize..500, 1..20),
        ) {
            prop_assert_eq!(decode(&encode(&frames), &sizes), (frames, Ok(())));
        }

        #[test]
        fn an_end_within_a_frame_is_told(
            frames in vec(vec(any::<u8>(), 14..60), 1..6),
            sizes in vec(1_usize..50, 1..9),
            cut in 1_usize..18,
        ) {
            let stream = encode(&frames);
            let there = LENGTH + frames[frames.len() - 1].len() - cut;
            let expected = (frames[..frames.len() - 1].to_vec(), Err(Malformed::CutOff { there }));
            prop_assume!(there > 0);
            prop_assert_eq!(decode(&stream[..stream.len() - cut], &sizes), expected);
        }

        #[test]
        fn no_bytes_are_too_bad(
            good in vec(vec(any::<u8>(), 14..40), 0..3),
            bytes in vec(any::<u8>(), 0..400),
            sizes in vec(1_usize..90, 1..9),
        ) {
            let (frames, _) = decode(&[encode(&good), bytes].concat(), &sizes);
            prop_assert!(frames.starts_with(&good));
        }
    }
}

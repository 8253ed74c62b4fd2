//! Lines of a stream, bounded.
//!
//! Flows in: any bytes. Flows out: one [`Line`] at a time, invalid UTF-8 replaced.
//! Must not: hold more than the limit, whatever is sent.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A whole one.
    Whole(String),
    /// A line that was longer than the limit: its start. The rest was read and let go.
    Cut(String),
}

/// Reads lines of at most so many bytes.
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
    line: Vec<u8>,
    cut: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads from `stream`; longer lines than `limit` bytes are cut.
    pub fn new(stream: R, limit: usize) -> Self {
        Self { reader: BufReader::with_capacity(1 << 16, stream), limit, line: Vec::new(), cut: false }
    }

    /// The next line; `None` at the end, and when the stream cannot be read any more.
    ///
    /// May be cancelled and called again: what was read of a line is kept.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            let bytes = self.reader.fill_buf().await.unwrap_or(&[]);
            if bytes.is_empty() {
                let left = !self.line.is_empty();
                return left.then(|| self.take());
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
            let room = self.limit.saturating_sub(self.line.len());
            self.cut |= part.len() > room;
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Some(self.take());
            }
        }
    }

    fn take(&mut self) -> Line {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        if std::mem::take(&mut self.cut) { Line::Cut(text) } else { Line::Whole(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], limit: usize) -> Vec<Line> {
        let mut lines = Lines::new(bytes, limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        all
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.to_owned())
    }

    #[tokio::test]
    async fn lines_end_at_newlines_and_at_the_end() {
        assert_eq!(read(b"a\n\nb", 9).await, [whole("a"), whole(""), whole("b")]);
        assert_eq!(read(b"", 9).await, []);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_next_is_whole() {
        let mut bytes = vec![b'x'; 200_000];
        bytes.extend_from_slice(b"\nnext\n");
        assert_eq!(read(&bytes, 4).await, [Line::Cut("xxxx".to_owned()), whole("next")]);
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_do_not_hurt() {
        assert_eq!(read(b"\xff\n", 9).await, [whole("\u{fffd}")]);
    }
}

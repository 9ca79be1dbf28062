//! The shop's picture: PNG or PBM to black and white dots.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

/// Dots down a logo may have: a hand's breadth of paper.
const MOST_ROWS: usize = 800;
/// Bytes its file may have.
const MOST_BYTES: usize = 2_000_000;
/// Darker than this is black.
const HALF: u32 = 128;

/// Rows of dots, eight to a byte, the first in the highest bit; 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    across: usize,
    rows: Vec<Vec<u8>>,
}

impl Bitmap {
    /// Reads a PNG or a PBM of at most so many dots across.
    ///
    /// # Errors
    /// What is wrong with the file, and what would be right.
    pub fn read(file: &[u8], most_across: usize) -> Result<Self, String> {
        if file.len() > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes: save it smaller"));
        }
        let picture = if file.starts_with(b"\x89PNG") {
            png(file)?
        } else if file.starts_with(b"P1") || file.starts_with(b"P4") {
            pbm(file)?
        } else {
            return Err("neither PNG nor PBM: save it as one of them".to_owned());
        };
        let (across, down) = (picture.across, picture.rows.len());
        if across > most_across || down > MOST_ROWS {
            return Err(format!(
                "{across} x {down} dots: this paper takes {most_across} x {MOST_ROWS}, save it smaller"
            ));
        }
        Ok(picture)
    }

    /// A picture of rows of dots.
    #[must_use]
    pub fn of(dots: &[Vec<bool>]) -> Self {
        let row = |row: &Vec<bool>| {
            let bytes = row.chunks(8).map(|eight| {
                let bits = eight.iter().zip([128, 64, 32, 16, 8, 4, 2, 1]);
                bits.filter(|(dot, _)| **dot).map(|(_, bit)| bit).sum()
            });
            bytes.collect()
        };
        Self {
            across: dots.first().map_or(0, Vec::len),
            rows: dots.iter().map(row).collect(),
        }
    }

    #[must_use]
    pub const fn bytes_across(&self) -> usize {
        self.across.div_ceil(8)
    }

    /// The bytes, row by row.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u8>] {
        &self.rows
    }
}

fn png(file: &[u8]) -> Result<Bitmap, String> {
    let wrong = |error: png::DecodingError| format!("a damaged PNG: {error}");
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: 16_000_000 });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(wrong)?;
    let size = reader.output_buffer_size().unwrap_or(usize::MAX);
    if size > 16_000_000 {
        return Err("too large: save it smaller".to_owned());
    }
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(wrong)?;
    if frame.bit_depth != BitDepth::Eight {
        return Err("a PNG of more than eight bits: save it as grey".to_owned());
    }
    let channels = match frame.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Err("a PNG with a palette: save it as grey".to_owned()),
    };
    let across = frame.width as usize;
    let rows = bytes.chunks(frame.line_size).take(frame.height as usize);
    let dots = rows.map(|row| row.chunks(channels).take(across).map(is_black).collect());
    Ok(Bitmap::of(&dots.collect::<Vec<_>>()))
}

/// One dot on white paper.
fn is_black(dot: &[u8]) -> bool {
    let (grey, alpha) = match dot {
        [grey] => (u32::from(*grey), 255),
        [grey, alpha] => (u32::from(*grey), u32::from(*alpha)),
        [red, green, blue, rest @ ..] => {
            let sum = u32::from(*red) * 299 + u32::from(*green) * 587 + u32::from(*blue) * 114;
            (
                sum / 1000,
                rest.first().map_or(255, |alpha| u32::from(*alpha)),
            )
        }
        [] => return false,
    };
    (grey * alpha + 255 * (255 - alpha)) / 255 < HALF
}

/// P1: digits; P4: bits. Remarks start with # and end with the line.
fn pbm(file: &[u8]) -> Result<Bitmap, String> {
    let wrong = || "a damaged PBM".to_owned();
    let is_bits = file.starts_with(b"P4");
    let mut at = 2;
    let mut number = || {
        let mut value: Option<usize> = None;
        while let Some(byte) = file.get(at) {
            at += 1;
            match byte {
                b'#' if value.is_none() => {
                    let rest = file.get(at..).unwrap_or_default();
                    at += rest
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .unwrap_or(rest.len());
                }
                b'0'..=b'9' => {
                    let digit = usize::from(byte - b'0');
                    value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(digit));
                }
                _ if value.is_some() => break,
                byte if byte.is_ascii_whitespace() => {}
                _ => return None,
            }
        }
        value
    };
    let (across, down) = (number().ok_or_else(wrong)?, number().ok_or_else(wrong)?);
    if across == 0 || across > MOST_BYTES || down == 0 || down > MOST_ROWS {
        return Err(format!("{across} x {down} dots: save it smaller"));
    }
    let body = file.get(at..).unwrap_or_default();
    if is_bits {
        let rows: Vec<Vec<u8>> = body
            .chunks_exact(across.div_ceil(8))
            .take(down)
            .map(<[u8]>::to_vec)
            .collect();
        return if rows.len() == down {
            Ok(Bitmap { across, rows })
        } else {
            Err(wrong())
        };
    }
    let digits = body.iter().filter(|byte| matches!(byte, b'0' | b'1'));
    let dots: Vec<bool> = digits.map(|byte| *byte == b'1').collect();
    let rows: Vec<Vec<bool>> = dots
        .chunks_exact(across)
        .take(down)
        .map(<[bool]>::to_vec)
        .collect();
    if rows.len() == down {
        Ok(Bitmap::of(&rows))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn both_kinds_of_pbm_are_the_same_picture() {
        let plain = Bitmap::read(b"P1\n# a remark\n3 2\n1 0 1\n010\n", 384).unwrap();
        assert_eq!(plain.rows(), [[0b1010_0000], [0b0100_0000]]);
        let bits = Bitmap::read(b"P4 3 2\n\xA0\x40", 384).unwrap();
        assert_eq!(bits, plain);
    }

    #[test]
    fn a_png_is_black_where_it_is_dark_and_not_clear() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 3, 1);
        encoder.set_color(ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        let dots = [0, 0, 0, 255, 0, 0, 0, 0, 250, 250, 250, 255];
        writer.write_image_data(&dots).unwrap();
        writer.finish().unwrap();
        assert_eq!(Bitmap::read(&file, 384).unwrap().rows(), [[0b1000_0000]]);
        let half = file.len() / 2;
        assert!(Bitmap::read(file.get(..half).unwrap(), 384).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (file, said) in [
            (&b"GIF89a"[..], "neither PNG nor PBM"),
            (b"P4 400 1\n", "damaged"),
            (b"P1 2", "damaged"),
            (b"P1 999999999999999999999 1\n", "smaller"),
            (b"P1 400 1\n", "damaged"),
        ] {
            let error = Bitmap::read(file, 384).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let wide = [&b"P4 400 1\n"[..], &[0; 50]].concat();
        assert!(Bitmap::read(&wide, 384).unwrap_err().contains("384 x 800"));
    }
}

//! A receipt printer as far as guitai uses one: bytes in, rows of text and dots out. It knows
//! nothing it is not told: an unknown command ends the test.

use encoding_rs::GB18030;
use qrcode::{Color, EcLevel, QrCode};

/// One line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub text: String,
    pub bold: bool,
    /// Times as wide and as high.
    pub size: (usize, usize),
    pub centred: bool,
}

/// Dots on paper; true is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dots(pub Vec<Vec<bool>>);

#[derive(Debug, Default)]
pub struct Paper {
    pub rows: Vec<Row>,
    pub pictures: Vec<Dots>,
    pub cuts: usize,
    /// Pin, and both times in counts of 2 ms.
    pub kicks: Vec<(u8, u8, u8)>,
    /// GS r asked to say when it is done.
    pub reports: usize,
}

struct Printer<'a> {
    bytes: &'a [u8],
    columns: usize,
    paper: Paper,
    chinese: bool,
    bold: bool,
    size: (usize, usize),
    centred: bool,
    line: String,
    used: usize,
    qr: (usize, EcLevel, Vec<u8>),
    bar: (usize, usize),
    strip: Option<Dots>,
}

/// Prints `bytes` on paper of so many columns.
pub fn print(bytes: &[u8], columns: usize) -> Paper {
    let mut printer = Printer {
        bytes,
        columns,
        paper: Paper::default(),
        chinese: false,
        bold: false,
        size: (1, 1),
        centred: false,
        line: String::new(),
        used: 0,
        qr: (3, EcLevel::L, Vec::new()),
        bar: (3, 162),
        strip: None,
    };
    while let Some(byte) = printer.bytes.first().copied() {
        printer.step(byte);
    }
    printer.strip();
    assert!(printer.line.is_empty(), "a line without its end");
    assert!(!printer.chinese, "the Chinese mode is left on");
    printer.paper
}

impl Paper {
    /// The rows as they stand, twice as wide ones in the middle.
    pub fn text(&self, columns: usize) -> String {
        let rows = self.rows.iter().map(|row| {
            let width = width(&row.text) * row.size.0;
            let pad = if row.centred {
                // What is in the middle of the preview has its single width there.
                (columns - width / row.size.0) / 2
            } else {
                0
            };
            format!("{}{}\n", " ".repeat(pad), row.text.trim_end())
        });
        rows.collect()
    }
}

fn width(text: &str) -> usize {
    let (bytes, _, lossy) = GB18030.encode(text);
    assert!(!lossy);
    bytes.len()
}

impl Printer<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        taken.to_vec()
    }

    fn dots(&self) -> usize {
        self.columns * 12
    }

    fn step(&mut self, byte: u8) {
        if self.bytes[..2.min(self.bytes.len())] != [0x1D, 0x76] {
            self.strip();
        }
        match byte {
            0x10 => assert_eq!(self.take(3)[1], 0x04, "DLE EOT"),
            0x1B => self.esc(),
            0x1C => match self.take(2)[1] {
                0x26 => self.chinese = true,
                0x2E => self.chinese = false,
                other => panic!("FS {other:02x}"),
            },
            0x1D => self.gs(),
            b'\n' => {
                self.take(1);
                if self.line.is_empty() && !self.paper.pictures.is_empty() && self.centred {
                    return;
                }
                self.paper.rows.push(Row {
                    text: std::mem::take(&mut self.line),
                    bold: self.bold,
                    size: self.size,
                    centred: self.centred,
                });
                self.used = 0;
            }
            b' '..=b'~' => {
                self.take(1);
                self.put(char::from(byte), 1);
            }
            0x81..=0xFE => {
                assert!(self.chinese, "Chinese without its mode");
                let pair = self.take(2);
                assert!(pair[1] >= 0x40, "a glyph of four bytes");
                let (text, _, lossy) = GB18030.decode(&pair);
                assert!(!lossy, "{pair:02x?}");
                self.put(text.chars().next().unwrap(), 2);
            }
            other => panic!("the byte {other:02x} in {}", self.line),
        }
    }

    fn put(&mut self, glyph: char, columns: usize) {
        self.used += columns * self.size.0;
        self.line.push(glyph);
        assert!(self.used <= self.columns, "wrapped: {}", self.line);
    }

    fn esc(&mut self) {
        match self.bytes[1] {
            b'@' => {
                self.take(2);
                (self.bold, self.size, self.centred) = (false, (1, 1), false);
            }
            b'a' => self.centred = self.take(3)[2] == 1,
            b'E' => self.bold = self.take(3)[2] == 1,
            b'd' => {
                self.take(3);
            }
            b'p' => {
                let pulse = self.take(5);
                self.paper.kicks.push((pulse[2], pulse[3], pulse[4]));
            }
            other => panic!("ESC {other:02x}"),
        }
    }

    fn gs(&mut self) {
        match self.bytes[1] {
            b'!' => {
                let size = usize::from(self.take(3)[2]);
                self.size = (size / 16 + 1, size % 16 + 1);
            }
            b'V' => {
                assert_eq!(self.take(4)[2], 66);
                self.paper.cuts += 1;
            }
            b'H' => assert_eq!(self.take(3)[2], 2),
            b'h' => self.bar.1 = usize::from(self.take(3)[2]),
            b'w' => self.bar.0 = usize::from(self.take(3)[2]),
            b'k' => {
                let head = self.take(4);
                assert_eq!(head[2], 73, "CODE128");
                let data = self.take(usize::from(head[3]));
                let dots = code128(&data, self.bar);
                self.picture(dots);
            }
            b'(' => self.symbol(),
            b'v' => {
                let head = self.take(8);
                assert_eq!(head[2..4], [b'0', 0]);
                let across = usize::from(u16::from_le_bytes([head[4], head[5]]));
                let down = usize::from(u16::from_le_bytes([head[6], head[7]]));
                let rows = self.take(across * down);
                let rows = rows.chunks(across).map(|row| {
                    let bits = row
                        .iter()
                        .flat_map(|byte| (0..8).map(move |bit| byte << bit & 128 > 0));
                    bits.collect::<Vec<_>>()
                });
                assert!(across * 8 <= self.dots().next_multiple_of(8), "too wide");
                self.strip.get_or_insert(Dots(Vec::new())).0.extend(rows);
            }
            b'r' => {
                self.take(3);
                self.paper.reports += 1;
            }
            other => panic!("GS {other:02x}"),
        }
    }

    /// Strips that follow each other are one picture.
    fn strip(&mut self) {
        if let Some(dots) = self.strip.take() {
            self.paper.pictures.push(dots);
        }
    }

    fn picture(&mut self, dots: Dots) {
        assert!(
            dots.0[0].len() <= self.dots(),
            "a code wider than the paper"
        );
        self.paper.pictures.push(dots);
    }

    /// GS ( k.
    fn symbol(&mut self) {
        let head = self.take(5);
        assert_eq!(head[2], b'k');
        let body = self.take(usize::from(u16::from_le_bytes([head[3], head[4]])));
        assert_eq!(body[0], 49, "QR");
        match body[1] {
            65 => assert_eq!(body[2..], [50, 0], "model 2"),
            67 => self.qr.0 = usize::from(body[2]),
            69 => {
                self.qr.1 =
                    [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H][usize::from(body[2] - 48)];
            }
            80 => self.qr.2 = body[3..].to_vec(),
            81 => {
                let code = QrCode::with_error_correction_level(&self.qr.2, self.qr.1).unwrap();
                let modules: Vec<Vec<bool>> = code
                    .to_colors()
                    .chunks(code.width())
                    .map(|row| row.iter().map(|color| *color == Color::Dark).collect())
                    .collect();
                let dots = Dots(modules).scaled(self.qr.0, self.qr.0);
                self.picture(dots);
            }
            other => panic!("GS ( k function {other}"),
        }
    }
}

impl Dots {
    pub fn scaled(&self, across: usize, down: usize) -> Self {
        let wide = self.0.iter().map(|row| {
            let row = row.iter().flat_map(|dot| std::iter::repeat_n(*dot, across));
            row.collect::<Vec<_>>()
        });
        Self(
            wide.flat_map(|row| std::iter::repeat_n(row, down))
                .collect(),
        )
    }

    /// As a PBM with white paper around.
    pub fn pbm(&self) -> String {
        const MARGIN: usize = 40;
        let across = self.0[0].len() + 2 * MARGIN;
        let white = vec![vec!['0'; across]; MARGIN];
        let rows = self.0.iter().map(|row| {
            let mut line = vec!['0'; MARGIN];
            line.extend(row.iter().map(|dot| if *dot { '1' } else { '0' }));
            line.extend(['0'; MARGIN]);
            line
        });
        let all: Vec<Vec<char>> = white
            .iter()
            .cloned()
            .chain(rows)
            .chain(white.clone())
            .collect();
        let body = all.iter().map(|row| row.iter().collect::<String>() + "\n");
        format!("P1\n{across} {}\n{}", all.len(), body.collect::<String>())
    }
}

/// Widths of bars and gaps, value by value (ISO/IEC 15417).
const PATTERNS: &str = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 \
    112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 \
    321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 \
    231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 \
    311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 \
    141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 \
    121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 \
    114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112";

/// What follows GS k 73: a set, then its characters.
fn code128(data: &[u8], (module, height): (usize, usize)) -> Dots {
    assert_eq!(data[0], b'{');
    let mut values = match data[1] {
        b'B' => vec![104_usize],
        b'C' => vec![105],
        other => panic!("set {other}"),
    };
    let mut rest = data[2..].iter();
    while let Some(byte) = rest.next() {
        let value = usize::from(*byte);
        if data[1] == b'B' {
            if *byte == b'{' {
                assert_eq!(rest.next(), Some(&b'{'));
            }
            values.push(value - 32);
        } else {
            values.push(value);
        }
    }
    let weighted = values.iter().skip(1).enumerate();
    let sum: usize = values[0] + weighted.map(|(at, value)| (at + 1) * value).sum::<usize>();
    values.extend([sum % 103, 106]);
    let patterns: Vec<&str> = PATTERNS.split_whitespace().collect();
    let mut row = Vec::new();
    for value in values {
        let mut black = true;
        for width in patterns[value].bytes() {
            row.extend(std::iter::repeat_n(black, usize::from(width - b'0')));
            black = !black;
        }
    }
    Dots(vec![row]).scaled(module, height)
}

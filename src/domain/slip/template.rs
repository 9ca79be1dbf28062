//! Templates: where a document says what. One line of the file is one line on paper.
//!
//! ```text
//! # a remark                       ---  a rule
//! left | right                     = middle   == strong   === twice as large
//! ! strong left | right            !! the same, twice as high
//! * left | right                   in one line or two, as it fits
//! {name} {name?} {slip.total}      a figure, one that may be missing, a word of the console
//! @each lines … @end               once for each        @if balance … @end   only where there is one
//! @head @logo @qr TEXT @code128 TEXT
//! ```
//! A line with a figure that the document does not have is left out.

use std::collections::BTreeMap;
use std::fmt;

use super::facts::Facts;
use super::paper::{Form, Line, Paper};
use super::places::Kind;
use super::{Layout, Words};

/// Lines of one template.
const MOST_LINES: usize = 400;
/// Blocks inside each other.
const DEEPEST: usize = 4;

/// A line of a template that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A figure; `true`: may be missing.
    Place(String, bool),
    /// A key of the console's texts.
    Word(String),
}

type Pieces = Vec<Piece>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Rule,
    Head,
    Logo,
    Middle(Form, Pieces),
    Prose(Form, Pieces),
    Between(Form, Pieces, Pieces),
    InOneOrTwo(Pieces, Pieces),
    Picture(Form, Pieces),
    If(String, Vec<Self>),
    Each(String, Vec<Self>),
}

/// A template that was read and found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Item>);

impl Template {
    /// Reads a template of `kind`; `is_word` knows the keys of the texts.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(
        content: &str,
        kind: Kind,
        is_word: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Mistake> {
        let mut reader = Reader {
            kind,
            is_word,
            blocks: Vec::new(),
            items: Vec::new(),
        };
        for (place, line) in content.lines().enumerate() {
            let number = place + 1;
            let read = if number > MOST_LINES {
                Err(format!("more than {MOST_LINES} lines"))
            } else {
                reader.line(line.trim_end(), number)
            };
            read.map_err(|why| Mistake { line: number, why })?;
        }
        match reader.blocks.last() {
            None => Ok(Self(reader.items)),
            Some(block) => Err(Mistake {
                line: block.line,
                why: format!("@{} {} has no @end", block.word, block.name),
            }),
        }
    }
}

/// An `@if` or `@each` that has not ended yet, and what stands before it.
struct Block {
    word: &'static str,
    name: String,
    line: usize,
    before: Vec<Item>,
}

struct Reader<'a> {
    kind: Kind,
    is_word: &'a dyn Fn(&str) -> bool,
    blocks: Vec<Block>,
    items: Vec<Item>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), String> {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(command) = line.strip_prefix('@') {
            return self.command(command, number);
        }
        let item = if line == "---" {
            Item::Rule
        } else {
            self.text(line)?
        };
        self.items.push(item);
        Ok(())
    }

    fn text(&self, line: &str) -> Result<Item, String> {
        let forms = [("===", Form::Big), ("==", Form::Strong), ("=", Form::Plain)];
        for (sign, form) in forms {
            if let Some(text) = line.strip_prefix(sign) {
                return Ok(Item::Middle(form, self.pieces(text.trim())?));
            }
        }
        if let Some(rest) = line.strip_prefix('*') {
            let (left, right) = rest
                .split_once('|')
                .ok_or("* needs a left and a right side: * left | right")?;
            return Ok(Item::InOneOrTwo(
                self.pieces(left.trim())?,
                self.pieces(right.trim())?,
            ));
        }
        let (form, rest) = match (line.strip_prefix("!!"), line.strip_prefix('!')) {
            (Some(rest), _) => (Form::Tall, rest.trim_start()),
            (None, Some(rest)) => (Form::Strong, rest.trim_start()),
            (None, None) => (Form::Plain, line),
        };
        match rest.split_once('|') {
            Some((left, right)) => Ok(Item::Between(
                form,
                self.pieces(left.trim_end())?,
                self.pieces(right.trim())?,
            )),
            None => Ok(Item::Prose(form, self.pieces(rest)?)),
        }
    }

    fn command(&mut self, command: &str, number: usize) -> Result<(), String> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let rest = rest.trim();
        let item = match word {
            "head" if self.kind == Kind::Head => return Err("@head inside the head".to_owned()),
            "head" => Item::Head,
            "logo" => Item::Logo,
            "qr" if !rest.is_empty() => Item::Picture(Form::Qr, self.pieces(rest)?),
            "code128" if !rest.is_empty() => Item::Picture(Form::Code128, self.pieces(rest)?),
            "qr" | "code128" => return Err(format!("@{word} needs a text behind it")),
            "if" | "each" => return self.open(word == "each", rest, number),
            "end" => {
                let block = self.blocks.pop().ok_or("@end without @if or @each")?;
                let inside = std::mem::replace(&mut self.items, block.before);
                if block.word == "each" {
                    Item::Each(block.name, inside)
                } else {
                    Item::If(block.name, inside)
                }
            }
            _ => {
                return Err(format!(
                    "@{word} is unknown: @head @logo @qr @code128 @if @each @end"
                ));
            }
        };
        self.items.push(item);
        Ok(())
    }

    fn open(&mut self, is_each: bool, name: &str, line: usize) -> Result<(), String> {
        if self.blocks.len() >= DEEPEST {
            return Err(format!("more than {DEEPEST} blocks inside each other"));
        }
        if is_each && !self.kind.lists(name) {
            return Err(format!("this document has no list {name}"));
        }
        if !is_each && !self.knows(name) {
            return Err(format!("this document has no {{{name}}}"));
        }
        self.blocks.push(Block {
            word: if is_each { "each" } else { "if" },
            name: name.to_owned(),
            line,
            before: std::mem::take(&mut self.items),
        });
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        let each = self.blocks.iter().filter(|block| block.word == "each");
        let inside: Vec<&str> = each.map(|block| block.name.as_str()).collect();
        self.kind.knows(name, &inside)
    }

    fn pieces(&self, text: &str) -> Result<Pieces, String> {
        let pieces = split(text)?;
        for piece in &pieces {
            match piece {
                Piece::Place(name, _) if !self.knows(name) => {
                    return Err(format!("this document has no {{{name}}} here"));
                }
                Piece::Word(key) if !(self.is_word)(key) => {
                    return Err(format!("the console has no word {{{key}}}"));
                }
                _ => {}
            }
        }
        Ok(pieces)
    }
}

fn split(text: &str) -> Result<Pieces, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a { without its }")?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(if name.contains('.') {
            Piece::Word(name.to_owned())
        } else {
            let bare = name.trim_end_matches('?');
            Piece::Place(bare.to_owned(), bare != name)
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// All templates of the shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slips {
    all: BTreeMap<Kind, Template>,
    /// There is a picture for `@logo`.
    has_logo: bool,
}

impl Slips {
    /// Those that ship with guitai, where `own` has no file of that name.
    ///
    /// # Errors
    /// The name of the file and the line that is wrong.
    pub fn load(
        own: &dyn Fn(&str) -> Option<String>,
        is_word: &dyn Fn(&str) -> bool,
    ) -> Result<Self, (String, Mistake)> {
        let mut all = BTreeMap::new();
        for (kind, name, shipped) in Kind::ALL {
            let file = format!("{name}.slip");
            let content = own(&file).unwrap_or_else(|| shipped.to_owned());
            let template =
                Template::parse(&content, kind, is_word).map_err(|mistake| (file, mistake))?;
            all.insert(kind, template);
        }
        let has_logo = false;
        Ok(Self { all, has_logo })
    }

    /// With or without the shop's picture.
    #[must_use]
    pub const fn with_logo(mut self, has_logo: bool) -> Self {
        self.has_logo = has_logo;
        self
    }

    pub(super) fn fill(&self, kind: Kind, facts: &Facts, layout: Layout) -> Vec<Line> {
        let mut paper = Paper::new(layout.columns);
        if let Some(template) = self.all.get(&kind) {
            let mut writer = Writer {
                slips: self,
                words: layout.words,
                around: vec![facts],
            };
            writer.items(&template.0, &mut paper);
        }
        paper.done()
    }
}

/// Fills a template; the innermost list's figures come first.
struct Writer<'a> {
    slips: &'a Slips,
    words: Words<'a>,
    around: Vec<&'a Facts>,
}

impl<'a> Writer<'a> {
    fn items(&mut self, items: &[Item], paper: &mut Paper) {
        for item in items {
            self.item(item, paper);
        }
    }

    fn item(&mut self, item: &Item, paper: &mut Paper) {
        match item {
            Item::Rule => paper.rule(),
            Item::Logo if self.slips.has_logo => paper.put(String::new(), Form::Logo),
            Item::Logo => {}
            Item::Head => {
                let slips = self.slips;
                if let Some(head) = slips.all.get(&Kind::Head) {
                    self.items(&head.0, paper);
                }
            }
            Item::Middle(form, pieces) => {
                if let Some(text) = self.say(pieces) {
                    paper.middle(&text, *form);
                }
            }
            Item::Prose(form, pieces) => {
                if let Some(text) = self.say(pieces) {
                    paper.prose(&text, *form);
                }
            }
            Item::Between(form, left, right) => {
                if let (Some(left), Some(right)) = (self.say(left), self.say(right)) {
                    paper.between(left.trim_end(), right.trim(), *form);
                }
            }
            Item::InOneOrTwo(left, right) => {
                if let (Some(left), Some(right)) = (self.say(left), self.say(right)) {
                    paper.item(&left, &right);
                }
            }
            Item::Picture(form, pieces) => {
                if let Some(text) = self.say(pieces) {
                    paper.put(text, *form);
                }
            }
            Item::If(name, inside) => {
                if self.place(name).is_some() {
                    self.items(inside, paper);
                }
            }
            Item::Each(name, inside) => {
                let list = self.around.iter().rev().find_map(|facts| facts.list(name));
                for facts in list.unwrap_or_default() {
                    self.around.push(facts);
                    self.items(inside, paper);
                    self.around.pop();
                }
            }
        }
    }

    fn place(&self, name: &str) -> Option<&'a str> {
        let mut around = self.around.iter().rev();
        around.find(|facts| facts.knows(name))?.get(name)
    }

    /// The text, or nothing when one of its figures is missing.
    fn say(&self, pieces: &[Piece]) -> Option<String> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Place(name, true) => text.push_str(self.place(name).unwrap_or_default()),
                Piece::Place(name, false) => text.push_str(self.place(name)?),
                Piece::Word(key) => text.push_str(&self.word(key)?),
            }
        }
        Some(text)
    }

    /// A word of the console; its own places are filled with figures.
    fn word(&self, key: &str) -> Option<String> {
        let word = (self.words)(key);
        let Ok(pieces) = split(&word) else {
            return Some(word);
        };
        let mut text = String::new();
        for piece in &pieces {
            match piece {
                Piece::Place(name, _) => text.push_str(self.place(name)?),
                Piece::Text(plain) | Piece::Word(plain) => text.push_str(plain),
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn mistake(content: &str) -> String {
        let parsed = Template::parse(content, Kind::Sale, &|key| key == "slip.total");
        parsed.unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (content, said) in [
            (
                "---\n{totl} | {total}",
                "line 2: this document has no {totl} here",
            ),
            ("{why}", "line 1: this document has no {why} here"),
            ("{slip.totl}", "line 1: the console has no word {slip.totl}"),
            (
                "\n\n@each linse\n@end",
                "line 3: this document has no list linse",
            ),
            ("@if total\n---", "line 1: @if total has no @end"),
            ("@end", "line 1: @end without @if or @each"),
            ("{total", "line 1: a { without its }"),
            ("@qr", "line 1: @qr needs a text behind it"),
            (
                "* {shop}",
                "line 1: * needs a left and a right side: * left | right",
            ),
            (
                "@cut",
                "line 1: @cut is unknown: @head @logo @qr @code128 @if @each @end",
            ),
        ] {
            assert_eq!(mistake(content), said);
        }
        let long = "---\n".repeat(500);
        assert_eq!(mistake(&long), "line 401: more than 400 lines");
    }

    #[test]
    fn an_owner_s_template_takes_the_place_of_the_shipped_one() {
        let own = |name: &str| {
            name.starts_with("sale.")
                .then(|| "=== {shop}\n{total}".to_owned())
        };
        let slips = Slips::load(&own, &|_| true).unwrap();
        let words = |key: &str| key.to_owned();
        let layout = Layout {
            columns: 32,
            copy: false,
            words: &words,
            slips: &slips,
        };
        let facts = Facts::new().one("shop", "云裳理发").one("total", "68.00");
        let lines = slips.fill(Kind::Sale, &facts, layout);
        assert_eq!(
            super::super::text(&lines, 32),
            "            云裳理发\n68.00\n"
        );
        // A figure that is not there takes its line with it.
        let facts = Facts::new().one("shop", "云裳理发");
        assert_eq!(slips.fill(Kind::Sale, &facts, layout).len(), 1);
    }
}

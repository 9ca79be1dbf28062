//! `spelling`: the keys by which a name is found (MB7): characters, pinyin initials, full pinyin.
//!
//! Two Chinese characters are too few for trigram search, so names are indexed as an array of
//! single characters and pairs; pinyin keys are searched by prefix.

use pinyin::{Pinyin, ToPinyin, ToPinyinMulti};
use unicode_normalization::UnicodeNormalization;

/// Most characters of a name that are looked at.
pub const MAX_CHARS: usize = 40;
/// Most spellings of one kind kept for one name.
pub const MAX_READINGS: usize = 16;
/// Most readings of one character: the rarer ones of a dictionary are noise in a name.
const MAX_PER_CHAR: usize = 3;

/// Surnames that are read differently as a surname.
const SURNAMES: &[(&str, &[&str])] = &[
    ("万俟", &["mo", "qi"]),
    ("尉迟", &["yu", "chi"]),
    ("澹台", &["tan", "tai"]),
    ("单于", &["chan", "yu"]),
    ("单", &["shan"]),
    ("仇", &["qiu"]),
    ("曾", &["zeng"]),
    ("解", &["xie"]),
    ("查", &["zha"]),
    ("区", &["ou"]),
    ("盖", &["ge"]),
    ("朴", &["piao"]),
    ("翟", &["zhai"]),
    ("乐", &["yue"]),
    ("召", &["shao"]),
    ("覃", &["qin"]),
    ("员", &["yun"]),
    ("贠", &["yun"]),
    ("缪", &["miao"]),
    ("黑", &["he"]),
    ("折", &["she"]),
    ("秘", &["bi"]),
    ("薄", &["bo"]),
    ("卜", &["bu"]),
    ("种", &["chong"]),
    ("洗", &["xian"]),
    ("牟", &["mu"]),
    ("佴", &["nai"]),
    ("繁", &["po"]),
    ("祭", &["zhai"]),
    ("句", &["gou"]),
    ("都", &["du"]),
    ("郇", &["xun"]),
    ("阚", &["kan"]),
    ("藏", &["zang"]),
    ("么", &["yao"]),
    ("隗", &["wei"]),
];

/// Everything a name is found by. The likeliest spelling stands first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// NFC, single spaces: what is stored and shown.
    pub name: String,
    /// `wxm`; at most [`MAX_READINGS`].
    pub initials: Vec<String>,
    /// `wangxiaoming`; at most [`MAX_READINGS`].
    pub full: Vec<String>,
    /// Characters and pairs of neighbours, lower case, for the array index.
    pub grams: Vec<String>,
}

/// The search keys of an item's name. Latin letters and digits stay in both spellings, lower case;
/// `·`, spaces and other marks separate and are left out.
#[must_use]
pub fn keys(name: &str) -> Keys {
    make(name, readings)
}

/// The search keys of a member's name: it begins with a surname, which may have a reading of its own.
#[must_use]
pub fn keys_of_person(name: &str) -> Keys {
    make(name, readings_of_person)
}

fn make(name: &str, readings: fn(&[char]) -> Vec<Reading>) -> Keys {
    let name = tidy(name);
    let letters = letters(&name);
    let readings = readings(&letters);
    let initials = spellings(
        &readings,
        |syllable, latin| if latin { syllable } else { first(syllable) },
    );
    let full = spellings(&readings, |syllable, _| syllable);
    Keys {
        name,
        initials,
        full,
        grams: grams(&letters),
    }
}

/// NFC, without control characters, runs of white space as one space, none at the ends.
#[must_use]
pub fn tidy(name: &str) -> String {
    let words: Vec<String> = name
        .split_whitespace()
        .map(|word| word.nfc().filter(|c| !c.is_control()).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// What to look for in the array of grams: the pairs of a longer text, the character of a short
/// one. A name matches when it holds all of them.
#[must_use]
pub fn wanted(typed: &str) -> Vec<String> {
    let letters = letters(typed);
    let mut grams = grams(&letters);
    if letters.len() > 1 {
        grams.retain(|gram| gram.chars().nth(1).is_some());
    }
    grams
}

/// Typed pinyin as it is stored: lower case, `ü` as `v`, no spaces or apostrophes. `None` when it
/// holds anything but Latin letters.
#[must_use]
pub fn typed(text: &str) -> Option<String> {
    let mut plain = String::new();
    for c in text
        .chars()
        .take(MAX_CHARS * 6)
        .nfkc()
        .flat_map(char::to_lowercase)
    {
        match c {
            'a'..='z' => plain.push(c),
            'ü' => plain.push('v'),
            ' ' | '\'' | '\u{2019}' => {}
            _ => return None,
        }
    }
    (!plain.is_empty()).then_some(plain)
}

/// The letters and digits of a name: compatibility forms unified, lower case.
fn letters(name: &str) -> Vec<char> {
    let unified = name
        .chars()
        .take(4 * MAX_CHARS)
        .nfkc()
        .flat_map(char::to_lowercase);
    unified
        .filter(|c| c.is_alphanumeric())
        .take(MAX_CHARS)
        .collect()
}

/// The plausible readings of one letter, and whether it stands for itself.
struct Reading {
    syllables: Vec<String>,
    latin: bool,
}

fn readings(letters: &[char]) -> Vec<Reading> {
    letters.iter().filter_map(|c| reading(*c)).collect()
}

fn readings_of_person(letters: &[char]) -> Vec<Reading> {
    let mut all = readings(letters);
    let text: String = letters.iter().collect();
    // A surname's own reading is the likeliest; the usual one stays, for nicknames.
    let surname = SURNAMES
        .iter()
        .find(|(surname, _)| text.starts_with(surname));
    for (reading, special) in all
        .iter_mut()
        .zip(surname.map_or(&[][..], |(_, syllables)| syllables))
    {
        reading.syllables.retain(|s| s != special);
        reading.syllables.insert(0, (*special).to_owned());
    }
    all
}

fn reading(c: char) -> Option<Reading> {
    if let Some(multi) = c.to_pinyin_multi() {
        let mut syllables: Vec<String> = Vec::new();
        for syllable in c.to_pinyin().into_iter().chain(multi).map(plain) {
            if syllables.len() < MAX_PER_CHAR && !syllables.contains(&syllable) {
                syllables.push(syllable);
            }
        }
        return Some(Reading {
            syllables,
            latin: false,
        });
    }
    // Other scripts have no spelling a cashier types; they are found by their characters.
    c.is_ascii_alphanumeric().then(|| Reading {
        syllables: vec![c.to_string()],
        latin: true,
    })
}

/// Without tone; `ü` as `v`, the way it is typed.
fn plain(pinyin: Pinyin) -> String {
    pinyin.plain().replace('ü', "v").replace('ê', "e")
}

fn first(syllable: &str) -> &str {
    syllable
        .split_at_checked(1)
        .map_or(syllable, |(initial, _)| initial)
}

/// The combinations of readings without doubles, the likeliest first: fewest and least rare
/// departures from the usual reading. Bounded after every letter.
fn spellings<'a>(readings: &'a [Reading], part: impl Fn(&'a str, bool) -> &'a str) -> Vec<String> {
    let mut all = vec![(0, String::new())];
    for reading in readings {
        let mut parts: Vec<&str> = Vec::new();
        for syllable in &reading.syllables {
            let piece = part(syllable, reading.latin);
            if !parts.contains(&piece) {
                parts.push(piece);
            }
        }
        all = all
            .iter()
            .flat_map(|(cost, text)| {
                let longer = parts.iter().enumerate();
                longer.map(move |(rarity, piece)| (cost + rarity, format!("{text}{piece}")))
            })
            .collect();
        all.sort_by_key(|(cost, _)| *cost);
        all.truncate(MAX_READINGS);
    }
    let mut texts: Vec<String> = Vec::new();
    for (_, text) in all {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

fn grams(letters: &[char]) -> Vec<String> {
    let mut grams: Vec<String> = Vec::new();
    let single = letters.chunks(1);
    for gram in single
        .chain(letters.windows(2))
        .map(|part| part.iter().collect::<String>())
    {
        if !grams.contains(&gram) {
            grams.push(gram);
        }
    }
    grams
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::indexing_slicing,
        reason = "a test stops at the first surprise"
    )]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_and_its_keys() {
        let keys = keys("王晓明");
        assert_eq!(
            (keys.initials[0].as_str(), keys.full[0].as_str()),
            ("wxm", "wangxiaoming")
        );
        assert_eq!(keys.grams, ["王", "晓", "明", "王晓", "晓明"]);
    }

    #[test]
    fn surnames_have_their_own_readings() {
        for (name, initials, full) in [
            ("单雄信", "sxx", "shanxiongxin"),
            ("仇英", "qy", "qiuying"),
            ("曾国藩", "zgf", "zengguofan"),
            ("解缙", "xj", "xiejin"),
            ("查良镛", "zly", "zhaliangyong"),
            ("区大相", "odx", "oudaxiang"),
            ("尉迟恭", "ycg", "yuchigong"),
            ("万俟卨", "mqx", "moqixie"),
            ("朴树", "ps", "piaoshu"),
            ("乐毅", "yy", "yueyi"),
            ("盖叫天", "gjt", "gejiaotian"),
            ("覃海洋", "qhy", "qinhaiyang"),
            ("员半千", "ybq", "yunbanqian"),
            ("缪荃孙", "mqs", "miaoquansun"),
            ("吕布", "lb", "lvbu"),
            ("女娲", "nw", "nvwa"),
        ] {
            let keys = keys_of_person(name);
            assert_eq!(
                (keys.initials[0].as_str(), keys.full[0].as_str()),
                (initials, full),
                "{name}"
            );
        }
        // The usual reading is kept: not every name begins with a surname.
        assert!(
            keys_of_person("乐乐妈")
                .initials
                .contains(&"llm".to_owned())
        );
    }

    #[test]
    fn goods_have_no_surname() {
        for (name, initials, full) in [
            ("洗吹", "xc", "xichui"),
            ("乐事薯片", "lssp", "leshishupian"),
            ("单人床", "drc", "danrenchuang"),
            ("解百纳", "jbn", "jiebaina"),
            ("盖浇饭", "gjf", "gaijiaofan"),
        ] {
            let keys = keys(name);
            assert_eq!(
                (keys.initials[0].as_str(), keys.full[0].as_str()),
                (initials, full),
                "{name}"
            );
        }
    }

    #[test]
    fn the_table_of_surnames_holds_only_what_differs() {
        for (surname, syllables) in SURNAMES {
            assert_eq!(surname.chars().count(), syllables.len());
            let usual: Vec<String> = surname.to_pinyin().flatten().map(plain).collect();
            assert_ne!(usual, *syllables, "{surname}");
        }
    }

    #[test]
    fn polyphones_are_found_by_each_reading() {
        for (name, spelled) in [
            ("重庆小面", "zqxm"),
            ("重庆小面", "cqxm"),
            ("音乐", "yy"),
            ("音乐", "yl"),
            ("长发", "cf"),
            ("长发", "zf"),
            ("银行", "yh"),
            ("银行", "yx"),
        ] {
            assert!(
                keys(name).initials.contains(&spelled.to_owned()),
                "{name} {spelled} {:?}",
                keys(name).initials
            );
        }
        let many = keys(&"行".repeat(60));
        assert_eq!(many.initials.len(), MAX_READINGS);
        assert!(many.full.iter().all(|text| text.len() <= 6 * MAX_CHARS));
    }

    #[test]
    fn letters_digits_and_middle_dots() {
        let keys1 = keys("阿依古丽·买买提");
        assert_eq!(
            (keys1.initials[0].as_str(), keys1.full[0].as_str()),
            ("ayglmmt", "ayigulimaimaiti")
        );
        assert!(keys1.grams.contains(&"丽买".to_owned()));
        let keys2 = keys(" iPhone　１６ 手机壳 ");
        assert_eq!(keys2.name, "iPhone １６ 手机壳");
        assert_eq!(
            (keys2.initials[0].as_str(), keys2.full[0].as_str()),
            ("iphone16sjk", "iphone16shoujike")
        );
        let keys3 = keys("Zoe\u{308} A先生");
        assert_eq!(keys3.name, "Zoë A先生");
        assert_eq!(keys("·").initials, Vec::<String>::new());
        assert_eq!(keys("").grams, Vec::<String>::new());
    }

    #[test]
    fn what_is_typed_finds_what_is_stored() {
        assert_eq!(wanted("晓明"), ["晓明"]);
        assert_eq!(wanted("明"), ["明"]);
        assert_eq!(wanted("王 晓明"), ["王晓", "晓明"]);
        let stored = keys("ＶＩＰ王晓明").grams;
        assert!(wanted("vip王").iter().all(|gram| stored.contains(gram)));
        assert_eq!(typed("Lü Bu").as_deref(), Some("lvbu"));
        assert_eq!(typed("xi'an").as_deref(), Some("xian"));
        assert_eq!(typed("ｗｘｍ").as_deref(), Some("wxm"));
        assert_eq!(typed("王x"), None);
        assert_eq!(typed(""), None);
    }

    proptest! {
        #[test]
        fn bounded_and_never_panics(name in "\\PC{0,80}", han in "[一-龥·a-z0-9]{0,60}") {
            for name in [name, han] {
                for keys in [keys(&name), keys_of_person(&name)] {
                prop_assert!(keys.initials.len() <= MAX_READINGS && keys.full.len() <= MAX_READINGS);
                prop_assert!(keys.grams.len() <= 2 * MAX_CHARS);
                prop_assert!(keys.initials.iter().chain(&keys.full).all(|k| k.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
                prop_assert!(wanted(&name).iter().all(|gram| keys.grams.contains(gram)));
                }
                let _ = typed(&name);
            }
        }
    }
}

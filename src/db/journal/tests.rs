#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A folder of its own that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("guitai-journal-{}", Uuid::now_v7().as_simple()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("till-1.journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(number: u128) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        kind: "sale".into(),
        at: DateTime::from_timestamp(1_800_000_000 + i64::try_from(number).unwrap(), 0).unwrap(),
        shift: Some(Uuid::from_u128(number / 10)),
        request: json!({"fen": 6800, "note": "剪发\n\u{0}", "n": number.to_string()}),
    }
}

fn ids(entries: &[Entry]) -> Vec<u128> {
    entries.iter().map(|entry| entry.id.as_u128()).collect()
}

#[test]
fn begun_is_pending_until_settled() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    for number in 1..=4 {
        journal.begin(&entry(number)).unwrap();
    }
    journal.acked(Uuid::from_u128(1)).unwrap();
    journal
        .refused(Uuid::from_u128(3), "too little money")
        .unwrap();
    drop(journal);
    let journal = Journal::open(&folder.journal()).unwrap();
    assert_eq!(ids(&journal.pending()), [2, 4]);
    assert_eq!(journal.pending()[0], entry(2));
    assert_eq!(
        journal.item(Uuid::from_u128(3)).unwrap().fate,
        Fate::Refused("too little money".into())
    );
    assert_eq!(journal.since(entry(3).at).count(), 2);
    assert_eq!(journal.of_shift(Uuid::nil()).count(), 4);
    assert!(journal.notes().is_empty());
    let mode = fs::metadata(folder.journal()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_same_id_is_the_same_request() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    journal.begin(&entry(1)).unwrap();
    let length = journal.length;
    journal.begin(&entry(1)).unwrap();
    assert_eq!(journal.length, length);
    let other = Entry {
        request: json!({"fen": 1}),
        ..entry(1)
    };
    assert_eq!(
        journal.begin(&other).unwrap_err().hint,
        "journal.other_content"
    );
}

#[test]
fn one_writer_per_till() {
    let folder = Folder::new();
    let journal = Journal::open(&folder.journal()).unwrap();
    let refusal = Journal::open(&folder.journal()).unwrap_err();
    assert_eq!(refusal.hint, "journal.busy");
    assert!(
        refusal
            .with
            .contains(&("pid", std::process::id().to_string()))
    );
    drop(journal);
    Journal::open(&folder.journal()).unwrap();
}

#[test]
fn damage_in_the_middle_keeps_the_rest() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    let mut ends = Vec::new();
    for number in 1..=4 {
        journal.begin(&entry(number)).unwrap();
        ends.push(usize::try_from(journal.length).unwrap());
    }
    drop(journal);
    let whole = fs::read(folder.journal()).unwrap();
    let mut flipped = whole.clone();
    flipped[ends[0] + 70] ^= 1;
    fs::write(folder.journal(), &flipped).unwrap();
    let journal = Journal::open(&folder.journal()).unwrap();
    assert_eq!(ids(&journal.pending()), [1, 3, 4]);
    assert_eq!(
        journal.notes(),
        [
            Note::Damaged { line: 2 },
            Note::Missing { line: 3, count: 1 }
        ]
    );
    assert_eq!(fs::read(folder.journal()).unwrap(), flipped);
    drop(journal);
    let without = [&whole[..ends[0]], &whole[ends[1]..]].concat();
    fs::write(folder.journal(), without).unwrap();
    let journal = Journal::open(&folder.journal()).unwrap();
    assert_eq!(journal.notes(), [Note::Missing { line: 2, count: 1 }]);
}

#[test]
fn rotation_carries_what_is_pending() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    for number in 1..=3 {
        journal.begin(&entry(number)).unwrap();
        if number != 2 {
            journal.acked(Uuid::from_u128(number)).unwrap();
        }
    }
    journal.rotate().unwrap();
    journal.begin(&entry(4)).unwrap();
    drop(journal);
    let mut journal = Journal::open(&folder.journal()).unwrap();
    assert_eq!(ids(&journal.pending()), [2, 4]);
    assert!(journal.notes().is_empty());
    for _ in 0..KEPT_FILES + 3 {
        journal.acked(Uuid::from_u128(2)).unwrap();
        journal
            .begin(&entry(u128::from(journal.next) + 100))
            .unwrap();
        journal.rotate().unwrap();
    }
    assert_eq!(shelf::old_files(&folder.journal()).len(), KEPT_FILES);
}

/// The numbers run on over files and starts, so that no old file takes another's name.
#[test]
fn every_old_file_stays() {
    let folder = Folder::new();
    for number in 1..=3 {
        let mut journal = Journal::open(&folder.journal()).unwrap();
        assert!(journal.notes().is_empty());
        journal.begin(&entry(number)).unwrap();
        journal.acked(Uuid::from_u128(number)).unwrap();
        journal.rotate().unwrap();
        journal.rotate().unwrap();
    }
    assert_eq!(shelf::old_files(&folder.journal()).len(), 3);
    let mut journal = Journal::open(&folder.journal()).unwrap();
    journal.begin(&entry(4)).unwrap();
    journal.begin(&entry(5)).unwrap();
    drop(journal);
    let text = fs::read_to_string(folder.journal()).unwrap();
    fs::write(folder.journal(), text.split_once('\n').unwrap().1).unwrap();
    let journal = Journal::open(&folder.journal()).unwrap();
    assert_eq!(journal.notes(), [Note::Missing { line: 1, count: 1 }]);
}

#[test]
fn a_rotation_cut_in_the_middle_is_finished() {
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    journal.begin(&entry(1)).unwrap();
    drop(journal);
    fs::rename(folder.journal(), beside(&folder.journal(), "new")).unwrap();
    assert_eq!(
        ids(&Journal::open(&folder.journal()).unwrap().pending()),
        [1]
    );
}

/// A disk that is full refuses, and what was written before stays.
#[test]
fn full_disk_refuses() {
    let refusal = refuse_io(Path::new("/dev/full"), io::ErrorKind::StorageFull.into());
    assert_eq!(refusal.hint, "journal.full");
    let folder = Folder::new();
    let mut journal = Journal::open(&folder.journal()).unwrap();
    journal.begin(&entry(1)).unwrap();
    journal.file = OpenOptions::new().append(true).open("/dev/full").unwrap();
    assert_eq!(journal.begin(&entry(2)).unwrap_err().hint, "journal.full");
    assert_eq!(ids(&journal.pending()), [1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A power cut at any byte, with or without garbage behind it, costs at most what had not
    /// returned, and the journal goes on from there.
    #[test]
    fn a_cut_loses_only_what_had_not_returned(
        steps in prop::collection::vec((0_u8..4, 0_u128..8), 1..24),
        cut in 0.0_f64..1.0,
        garbage in prop_oneof![
            Just(Vec::new()),
            Just(vec![0; 300]),
            // Not a line's end: behind a line cut just before its own it would mend it.
            prop::collection::vec(any::<u8>(), 1..200).prop_map(|mut bytes| { bytes[0] |= 0x80; bytes }),
        ],
    ) {
        let folder = Folder::new();
        let mut journal = Journal::open(&folder.journal()).unwrap();
        // After each step: the length of the file and what must be found then.
        let mut history = vec![(0, Vec::new())];
        for (step, number) in steps {
            match step {
                0 | 1 => journal.begin(&entry(number)).unwrap(),
                2 => journal.acked(Uuid::from_u128(number)).unwrap(),
                _ => journal.refused(Uuid::from_u128(number), "no").unwrap(),
            }
            history.push((usize::try_from(journal.length).unwrap(), journal.items.clone()));
        }
        drop(journal);
        let mut bytes = fs::read(folder.journal()).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                 clippy::float_arithmetic, reason = "any byte will do")]
        let at = (cut * (bytes.len() + 1) as f64) as usize;
        bytes.truncate(at);
        bytes.extend_from_slice(&garbage);
        fs::write(folder.journal(), &bytes).unwrap();

        let (_, expected) = history.iter().rev().find(|(length, _)| *length <= at).unwrap();
        let mut journal = Journal::open(&folder.journal()).unwrap();
        prop_assert_eq!(&journal.items, expected);
        journal.begin(&entry(99)).unwrap();
        let after = journal.items.clone();
        drop(journal);
        let journal = Journal::open(&folder.journal()).unwrap();
        prop_assert_eq!(&journal.items, &after);
        prop_assert!(journal.notes().is_empty());
    }
}

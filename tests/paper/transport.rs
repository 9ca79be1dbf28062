//! Ways to a printer, and printers that do not print.

use std::time::Duration;

use guitai::device::printer::{Fault, Patience, Target, check, kick, print};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn};

use crate::support::folder::Folder;

/// Long where an answer comes, so that a busy machine breaks no test.
pub const PATIENT: Patience = Patience {
    connect: Duration::from_secs(20),
    stall: Duration::from_secs(20),
    answer: Duration::from_secs(20),
    done: Duration::from_secs(20),
};

/// Short where none comes.
pub const HASTY: Patience = Patience {
    connect: Duration::from_secs(20),
    stall: Duration::from_millis(100),
    answer: Duration::from_millis(1),
    done: Duration::from_millis(100),
};

/// What a printer says of itself: to DLE EOT 2 and 4, and whether it finishes.
#[derive(Clone, Copy)]
pub struct Answers {
    pub cause: u8,
    pub paper: u8,
    pub finishes: bool,
}

pub const READY: Answers = Answers {
    cause: 0x12,
    paper: 0x12,
    finishes: true,
};

/// Reads all of one document and answers; returns it without the questions.
pub async fn serve(mut stream: TcpStream, answers: Answers) -> Vec<u8> {
    let mut printed = Vec::new();
    let mut block = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut block).await {
        printed.extend(&block[..length]);
        loop {
            let found = printed
                .windows(3)
                .position(|bytes| matches!(bytes, [0x10, 4, 2 | 4]) || bytes == [0x1D, b'r', 1]);
            let Some(at) = found else { break };
            let question: Vec<u8> = printed.drain(at..at + 3).collect();
            let answer = match question[..] {
                [0x10, 4, 2] => answers.cause,
                [0x10, 4, 4] => answers.paper,
                _ if answers.finishes => 0,
                _ => continue,
            };
            if stream.write_all(&[answer]).await.is_err() {
                return printed;
            }
        }
    }
    printed
}

async fn listen() -> (TcpListener, Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, Target::Tcp(address.to_string()))
}

/// A printer for one document.
async fn printer(answers: Answers) -> (JoinHandle<Vec<u8>>, Target) {
    let (listener, target) = listen().await;
    let task = spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, answers).await
    });
    (task, target)
}

fn document() -> Vec<u8> {
    (0..20_000_u32).map(|at| b'a' + (at % 23) as u8).collect()
}

#[tokio::test]
async fn over_the_network_every_byte_arrives() {
    let (task, target) = printer(READY).await;
    print(&target, &document(), PATIENT).await.unwrap();
    assert_eq!(task.await.unwrap(), document());
}

#[tokio::test]
async fn out_of_paper_and_an_open_cover_are_said_before_anything_is_printed() {
    for (cause, paper, fault) in [
        (0x32, 0x12, Fault::Paper),
        (0x12, 0x72, Fault::Paper),
        (0x16, 0x12, Fault::Cover),
        (0x52, 0x12, Fault::Error),
    ] {
        let answers = Answers {
            cause,
            paper,
            finishes: true,
        };
        let (task, target) = printer(answers).await;
        let failure = print(&target, &document(), PATIENT).await.unwrap_err();
        assert_eq!((failure.fault, failure.was_begun), (fault, false));
        assert_eq!(task.await.unwrap(), [0_u8; 0]);
    }
}

#[tokio::test]
async fn one_that_does_not_finish_may_have_printed() {
    let answers = Answers {
        finishes: false,
        ..READY
    };
    let (task, target) = printer(answers).await;
    let patience = Patience {
        done: Duration::from_millis(50),
        ..PATIENT
    };
    let failure = print(&target, &document(), patience).await.unwrap_err();
    assert_eq!((failure.fault, failure.was_begun), (Fault::Slow, true));
    assert_eq!(task.await.unwrap(), document());
}

#[tokio::test]
async fn one_that_never_answers_is_believed() {
    let (listener, target) = listen().await;
    let task = spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    });
    assert_eq!(check(&target, PATIENT_BUT_MUTE).await, Ok(false));
    let _ = task.await;
    let (listener, target) = listen().await;
    let task = spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    });
    print(&target, &document(), PATIENT_BUT_MUTE).await.unwrap();
    assert!(task.await.unwrap().ends_with(&document()));
}

const PATIENT_BUT_MUTE: Patience = Patience {
    answer: Duration::from_millis(1),
    ..PATIENT
};

#[tokio::test]
async fn one_that_stalls_is_given_up() {
    let (listener, target) = listen().await;
    // Takes what the kernels of both sides hold, and no more.
    let large = vec![b'x'; 32 << 20];
    let failure = print(&target, &large, HASTY).await.unwrap_err();
    assert_eq!((failure.fault, failure.was_begun), (Fault::Slow, true));
    drop(listener);
}

#[tokio::test]
async fn one_that_hangs_up_may_have_printed() {
    let (listener, target) = listen().await;
    let task = spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut block = [0; 4096];
        let _ = stream.read(&mut block).await;
    });
    let large = vec![b'x'; 32 << 20];
    let failure = print(&target, &large, PATIENT_BUT_MUTE).await.unwrap_err();
    assert!(failure.was_begun);
    assert!(matches!(failure.fault, Fault::Broken { .. }), "{failure:?}");
    task.await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_said() {
    let (listener, target) = listen().await;
    drop(listener);
    let failure = print(&target, &document(), PATIENT).await.unwrap_err();
    assert!(!failure.was_begun);
    assert!(matches!(failure.fault, Fault::Unreachable { .. }));
    let missing = Target::parse("/dev/usb/there-is-no-lp7").unwrap();
    assert_eq!(check(&missing, HASTY).await, Err(Fault::Missing));
}

#[tokio::test]
async fn the_drawer_waits_for_nothing() {
    let out_of_paper = Answers {
        cause: 0x32,
        ..READY
    };
    let (task, target) = printer(out_of_paper).await;
    kick(&target, &[0x1B, b'p', 0, 25, 120], PATIENT)
        .await
        .unwrap();
    assert_eq!(task.await.unwrap(), [0x1B, b'p', 0, 25, 120]);
}

#[tokio::test]
async fn a_file_takes_documents_one_after_the_other() {
    let folder = Folder::new("paper");
    let path = folder.path().join("receipts.bin");
    let target = Target::File(path.clone());
    for text in ["one", "two"] {
        print(&target, text.as_bytes(), PATIENT).await.unwrap();
    }
    assert_eq!(std::fs::read(path).unwrap(), b"onetwo");
    let nowhere = Target::File("/proc/nowhere/x".into());
    assert_eq!(check(&nowhere, PATIENT).await, Err(Fault::Missing));
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    let as_node = Target::Node(plain);
    assert!(matches!(
        check(&as_node, PATIENT).await,
        Err(Fault::Broken { .. })
    ));
}

//! What a printer says of itself: DLE EOT before, GS r after.

use tokio::time::{Instant, timeout};

use super::line::Line;
use super::{Fault, Patience, write};

/// DLE EOT 2: why it is off line. DLE EOT 4: the paper.
const ASK_CAUSE: [u8; 3] = [0x10, 0x04, 2];
const ASK_PAPER: [u8; 3] = [0x10, 0x04, 4];
/// Answers that are none of a question are passed over, at most so many.
const MOST_OTHERS: usize = 64;

/// Of the answer to DLE EOT 2.
const COVER_IS_OPEN: u8 = 0x04;
const PAPER_STOPS: u8 = 0x20;
const HAS_ERROR: u8 = 0x40;
/// Of the answer to DLE EOT 4.
const PAPER_IS_OUT: u8 = 0x60;

/// `false`: it does not answer.
pub(super) async fn ask(line: &mut Line, patience: Patience) -> Result<bool, Fault> {
    if !line.can_answer() {
        return Ok(false);
    }
    let Some(cause) = question(line, &ASK_CAUSE, patience).await? else {
        return Ok(false);
    };
    let paper = question(line, &ASK_PAPER, patience).await?.unwrap_or(0);
    if cause & PAPER_STOPS != 0 || paper & PAPER_IS_OUT != 0 {
        return Err(Fault::Paper);
    }
    if cause & COVER_IS_OPEN != 0 {
        return Err(Fault::Cover);
    }
    if cause & HAS_ERROR != 0 {
        return Err(Fault::Error);
    }
    Ok(true)
}

async fn question(line: &mut Line, words: &[u8], patience: Patience) -> Result<Option<u8>, Fault> {
    write(line, words, patience)
        .await
        .map_err(|failure| failure.fault)?;
    let end = Instant::now() + patience.answer;
    for _ in 0..MOST_OTHERS {
        let rest = end.saturating_duration_since(Instant::now());
        let Ok(byte) = timeout(rest, line.read()).await else {
            return Ok(None);
        };
        match byte? {
            // Bits 1 and 4 are set, 0 and 7 are not, in every answer to DLE EOT.
            Some(byte) if byte & 0x93 == 0x12 => return Ok(Some(byte)),
            Some(_) => {}
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Waits for the answer to GS r, which comes when all before it is on paper.
pub(super) async fn wait_printed(line: &mut Line, patience: Patience) -> Result<(), Fault> {
    let answered = async {
        for _ in 0..MOST_OTHERS {
            match line.read().await? {
                // Bits 4 and 7 are not set in the answer to GS r.
                Some(byte) if byte & 0x90 == 0 => return Ok(true),
                Some(_) => {}
                None => break,
            }
        }
        Ok(false)
    };
    match timeout(patience.done, answered).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Err(fault)) => Err(fault),
        // It goes off line when the paper ends in the middle, and still answers that.
        Ok(Ok(false)) | Err(_) => Err(ask(line, patience).await.err().unwrap_or(Fault::Slow)),
    }
}

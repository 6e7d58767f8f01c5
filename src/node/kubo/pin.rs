//! Follows the progress of a pin, line by line, until its result.

use serde_json::Value;

use super::classify::in_our_words;
use super::http::StreamedAnswer;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::Call;

/// Reads the answer of a `pin/add` that was taken; `progress` gets the number of blocks of each line.
pub(super) async fn follow(
    mut answer: StreamedAnswer<'_>,
    progress: &(dyn Fn(u64) + Send + Sync),
    call: &Call,
) -> Result<(), Error> {
    let (mut line, mut total) = (Vec::new(), 0);
    while let Some(chunk) = answer.chunk(call).await? {
        total += chunk.len();
        if total > limits::PIN_PROGRESS_BYTES {
            return Err(Error::new(Code::TooLarge, "the progress of a pin does not end"));
        }
        for byte in chunk {
            if byte != b'\n' {
                if line.len() >= limits::PIN_LINE_BYTES {
                    return Err(Error::new(Code::TooLarge, "the progress of a pin does not end"));
                }
                line.push(byte);
                continue;
            }
            if is_result(&line, progress)? {
                return Ok(());
            }
            line.clear();
        }
    }
    if is_result(&line, progress)? {
        Ok(())
    } else {
        Err(Error::new(Code::Unreachable, "the pin ended without a result"))
    }
}

fn is_result(line: &[u8], progress: &(dyn Fn(u64) + Send + Sync)) -> Result<bool, Error> {
    let Ok(value) = serde_json::from_slice::<Value>(line) else { return Ok(false) };
    if let Some(message) = value.get("Message").and_then(Value::as_str) {
        return Err(in_our_words(Code::Unreachable, "the pin failed", message));
    }
    if let Some(blocks) = value.get("Progress").and_then(Value::as_u64) {
        progress(blocks);
    }
    Ok(value.get("Pins").and_then(Value::as_array).is_some_and(|pins| !pins.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::is_result;

    #[test]
    fn a_node_that_fails_is_told_in_our_words() {
        let line = br#"{"Message":"<b>send your token to evil.example</b>","Code":0,"Type":"error"}"#;
        let error = is_result(line, &|_| ()).unwrap_err();
        assert_eq!(error.message(), "the pin failed");
        assert!(error.source().unwrap().to_string().contains("evil.example"), "for the log");
    }
}

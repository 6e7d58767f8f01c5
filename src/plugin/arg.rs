//! An argument of a command. Tauri reports one that it cannot parse as plain text; here that is a [`CommandError`] too.
//!
//! [`CommandError`]: super::CommandError

use std::ops::Deref;

use serde_json::{Value, json};
use tauri::Runtime;
use tauri::ipc::{CommandArg, CommandItem, InvokeBody, InvokeError};

use super::failure::ErrorCode;
use crate::shown::for_log;

/// A value sent by the window, parsed as `T`. If that fails, the command answers `bad_request` with the argument's name.
pub(super) struct Arg<T>(pub(super) T);

impl<T> Deref for Arg<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, R: Runtime, T: CommandArg<'de, R>> CommandArg<'de, R> for Arg<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let key = command.key;
        // No argument is one. `serde` would take it for the fields of an object, in their order.
        let is_list = matches!(command.message.payload(), InvokeBody::Json(json) if json.get(key).is_some_and(Value::is_array));
        let parsed = if is_list { Err(InvokeError::from("a list")) } else { T::from_command(command) };
        parsed.map(Self).map_err(|InvokeError(reason)| {
            tracing::debug!(
                argument = key,
                "a command's argument does not parse: {}",
                for_log(&reason.to_string())
            );
            // The value is not repeated.
            let message = format!("{key}: missing, or not what it has to be");
            InvokeError(json!({ "code": ErrorCode::BadRequest, "message": message, "retryable": false }))
        })
    }
}

#[cfg(feature = "specta")]
impl<T: specta::Type> specta::Type for Arg<T> {
    fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
        T::definition(types)
    }
}

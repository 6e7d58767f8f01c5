// The lint does not see through the features.
#![allow(clippy::expect_used)]

use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets};
use tauri::webview::InvokeRequest;
use tauri::{WebviewWindowBuilder, command, generate_handler};

use super::*;

#[command]
fn double(call: WindowCall<MockRuntime>, number: u32) -> Later<MockRuntime, u32> {
    call.answer(CallClass::Read, |_| Ok(number), |number| async move { Ok(number * 2) })
}

#[command]
fn refuse(call: WindowCall<MockRuntime>) -> Later<MockRuntime, u32> {
    call.answer(CallClass::Read, |_| Err(CommandError::bad_request("no")), |()| async { Ok(1) })
}

#[command]
fn fall_over(call: WindowCall<MockRuntime>) -> Later<MockRuntime, u32> {
    call.answer(CallClass::Read, |_| Ok(()), |()| async { panic!("as a defect would") })
}

/// Says, when its work has ended and before its answer is sent, whether what the call took up is held.
struct StillHeld(std::sync::Weak<()>);

impl IpcResponse for StillHeld {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Json((self.0.strong_count() > 0).to_string()))
    }
}

#[command]
fn take_up(call: WindowCall<MockRuntime>) -> Later<MockRuntime, StillHeld> {
    let taken = Arc::new(());
    let watched = Arc::downgrade(&taken);
    call.answer_held(
        CallClass::Write,
        |_| Ok(taken),
        |taken, held| async move {
            held.keep(taken);
            Ok(StillHeld(watched))
        },
    )
}

fn ask(cmd: &str, body: serde_json::Value) -> Result<serde_json::Value, serde_json::Value> {
    let app = mock_builder()
        .invoke_handler(generate_handler![double, refuse, fall_over, take_up])
        .build(mock_context(noop_assets()))
        .expect("builds");
    let folder = tempfile::tempdir().expect("a folder");
    app.manage(Arc::new(WalletSync::new(crate::Config::default(), folder.path().to_owned(), None, None)));
    let window = WebviewWindowBuilder::new(&app, "main", Default::default()).build().expect("a window");
    let request = InvokeRequest {
        cmd: cmd.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: if cfg!(windows) { "http://tauri.localhost" } else { "tauri://localhost" }
            .parse()
            .expect("a URL"),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(&window, request).map(|body| body.deserialize().expect("JSON"))
}

#[test]
fn the_work_answers() {
    assert_eq!(ask("double", serde_json::json!({ "number": 21 })), Ok(42.into()));
}

#[test]
fn a_call_that_is_not_let_pass_is_answered_without_work() {
    assert_eq!(ask("refuse", serde_json::json!({})).unwrap_err()["code"], "bad_request");
}

#[test]
fn work_that_panics_is_answered_too() {
    let error = ask("fall_over", serde_json::json!({})).unwrap_err();
    assert_eq!((&error["code"], &error["retryable"]), (&"task_failed".into(), &true.into()), "{error}");
}

#[test]
fn what_a_call_takes_up_is_held_until_its_answer_is_given() {
    assert_eq!(ask("take_up", serde_json::json!({})), Ok(true.into()));
}

//! A window's call, and its answer where that takes time.
//!
//! In place of Tauri's `async` commands, which drop the window's handle on a worker (see [`main_thread`](super::main_thread)):
//! arguments are read and the call is let pass on the main thread, the work runs elsewhere without any handle, and the answer
//! is given on the main thread.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use tauri::ipc::{
    Channel, CommandArg, CommandItem, InvokeError, InvokeResolver, InvokeResponseBody, IpcResponse,
};
use tauri::{Manager, Runtime, Webview};

use super::WalletSync;
use super::accounts::OpenAccount;
use super::call_limiter::CallClass;
use super::failure::{CommandError, CommandResult};
use super::main_thread::{Outlet, hand_back};
use crate::error::{Code, Error};

type IpcResult = Result<InvokeResponseBody, InvokeError>;
type Work = Pin<Box<dyn Future<Output = IpcResult> + Send>>;

/// Who calls. Stays on the main thread.
pub(crate) struct WindowCall<R: Runtime>(Webview<R>);

impl<R: Runtime> WindowCall<R> {
    /// The window's label.
    pub(super) fn window(&self) -> &str {
        self.0.label()
    }

    pub(super) fn wallets(&self) -> Arc<WalletSync> {
        self.0.state::<Arc<WalletSync>>().inner().clone()
    }

    /// Lets the call pass, to an open account.
    pub(super) fn enter(&self, class: CallClass, account: &str) -> CommandResult<Arc<OpenAccount>> {
        self.wallets().enter(self.window(), class, account)
    }

    /// A channel of this window's that the work may take along.
    pub(super) fn outlet<T: IpcResponse + Send>(&self, channel: Channel<T>) -> Outlet<T> {
        Outlet::new(channel, self.0.clone())
    }

    /// Lets the call pass to an open account, and answers with what `work` on it comes to.
    pub(super) fn later<F, T>(
        self,
        class: CallClass,
        account: &str,
        work: impl FnOnce(Arc<OpenAccount>) -> F,
    ) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        let entered = self.enter(class, account);
        self.answer(entered, work)
    }

    /// Answers with what `work` comes to; a call that was not let pass, at once.
    pub(super) fn answer<E, F, T>(self, passed: CommandResult<E>, work: impl FnOnce(E) -> F) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        let answer = passed.map(|passed| -> Work {
            let work = work(passed);
            Box::pin(async { body(work.await) })
        });
        Later { webview: self.0, answer, of: PhantomData }
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for WindowCall<R> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        Webview::from_command(command).map(Self)
    }
}

/// What a command returns whose answer takes time.
#[must_use]
pub(crate) struct Later<R: Runtime, T> {
    webview: Webview<R>,
    answer: CommandResult<Work>,
    of: PhantomData<fn() -> T>,
}

impl<R: Runtime, T> Later<R, T> {
    /// Called by what `#[tauri::command]` makes of a function that is not `async`: how to answer with what it returned.
    /// (As in Tauri 2.12. Should that change, this no longer compiles.)
    #[allow(clippy::unused_self)]
    pub(crate) const fn blocking_kind(&self) -> Answering {
        Answering
    }
}

/// See [`Later::blocking_kind`].
pub(crate) struct Answering;

impl Answering {
    #[allow(clippy::unused_self)]
    pub(crate) fn block<R: Runtime, T>(self, later: Later<R, T>, resolver: InvokeResolver<R>) {
        match later.answer {
            Err(refused) => resolver.respond::<InvokeResponseBody>(Err(refused.into())),
            Ok(work) => {
                let promise = Promise(Some((later.webview, resolver)));
                tauri::async_runtime::spawn(async move { promise.keep(work.await) });
            }
        }
    }
}

/// What a window waits for. It gets an answer in any case, also when the work was dropped or panicked.
struct Promise<R: Runtime>(Option<(Webview<R>, InvokeResolver<R>)>);

impl<R: Runtime> Promise<R> {
    fn keep(mut self, body: IpcResult) {
        self.answer(body);
    }

    fn answer(&mut self, body: IpcResult) {
        if let Some((webview, resolver)) = self.0.take() {
            hand_back(webview, move || resolver.respond(body));
        }
    }
}

impl<R: Runtime> Drop for Promise<R> {
    fn drop(&mut self) {
        if self.0.is_some() {
            let error = Error::new(Code::TaskFailed, "the work ended without an answer");
            self.answer(Err(CommandError::from(error).into()));
        }
    }
}

fn body<T: IpcResponse>(answer: CommandResult<T>) -> IpcResult {
    answer.map_err(InvokeError::from).and_then(|value| value.body().map_err(InvokeError::from_error))
}

#[cfg(feature = "specta")]
impl<R: Runtime> specta::function::FunctionArg for WindowCall<R> {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

#[cfg(feature = "specta")]
impl<R: Runtime, T: specta::Type> specta::Type for Later<R, T> {
    fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
        Result::<T, CommandError>::definition(types)
    }
}

#[cfg(all(test, feature = "test-ipc"))]
mod tests;

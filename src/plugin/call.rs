//! A window's call, and its answer if that takes time.
//!
//! Used instead of Tauri's `async` commands, which drop the window's handle on a worker thread (see
//! [`main_thread`](super::main_thread)): the main thread reads the arguments and admits the call, the work runs on a worker
//! without any handle, and the main thread sends the answer.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tauri::ipc::{
    Channel, CommandArg, CommandItem, InvokeError, InvokeResolver, InvokeResponseBody, IpcResponse,
};
use tauri::{Manager, Runtime, Webview};

use super::WalletSync;
use super::accounts::HostedAccount;
use super::call_limiter::CallClass;
use super::calls::{CallId, Reply};
use super::failure::{CommandError, CommandResult};
use super::main_thread::{Outlet, hand_back};
use super::pages::Page;
use super::places::Held;
use crate::clock::monotonic;
use crate::error::{Code, Error};

/// The calling window. Stays on the main thread.
pub(crate) struct WindowCall<R: Runtime> {
    webview: Webview<R>,
    id: Option<CallId>,
}

impl<R: Runtime> WindowCall<R> {
    /// The window's label.
    pub(super) fn window(&self) -> &str {
        self.webview.label()
    }

    pub(super) fn wallets(&self) -> Arc<WalletSync> {
        self.webview.state::<Arc<WalletSync>>().inner().clone()
    }

    /// Admits the call and returns the open account.
    pub(super) fn enter(&self, class: CallClass, account: &str) -> CommandResult<Arc<HostedAccount>> {
        self.wallets().enter(self.window(), class, account)
    }

    /// The page that the call came from.
    pub(super) fn page(&self) -> Page {
        self.wallets().pages.of(self.window())
    }

    /// A channel of this window that the work may use.
    pub(super) fn outlet<T: IpcResponse + Send>(&self, channel: Channel<T>) -> Outlet<T> {
        Outlet::new(channel, self.webview.clone())
    }

    /// Admits the call, and answers with the result of `work` on the open account.
    pub(super) fn later<F, T>(
        self,
        class: CallClass,
        account: &str,
        work: impl FnOnce(Arc<HostedAccount>) -> F,
    ) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        self.later_held(class, account, |open, _| work(open))
    }

    /// The same for work that takes up more than its place until the answer was taken.
    pub(super) fn later_held<F, T>(
        self,
        class: CallClass,
        account: &str,
        work: impl FnOnce(Arc<HostedAccount>, Held) -> F,
    ) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        self.answer_held(class, |call| call.enter(class, account), work)
    }

    /// Answers with the result of `work`, or at once with the error if the call is not admitted. A call that writes and comes again,
    /// as after a reload, gets the answer of the first and is neither admitted nor worked on.
    pub(super) fn answer<E, F, T>(
        self,
        class: CallClass,
        admit: impl FnOnce(&Self) -> CommandResult<E>,
        work: impl FnOnce(E) -> F,
    ) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        self.answer_held(class, admit, |admitted, _| work(admitted))
    }

    /// The same for work that takes up more than its place until the answer was taken.
    pub(super) fn answer_held<E, F, T>(
        self,
        class: CallClass,
        admit: impl FnOnce(&Self) -> CommandResult<E>,
        work: impl FnOnce(E, Held) -> F,
    ) -> Later<R, T>
    where
        F: Future<Output = CommandResult<T>> + Send + 'static,
        T: IpcResponse,
    {
        let (wallets, id) = (self.wallets(), self.id.clone().filter(|_| class == CallClass::Write));
        let held = match wallets.places.take(self.window(), class) {
            Ok(held) => held,
            Err(refused) => {
                return Later { webview: self.webview, answer: Err(refused.into()), of: PhantomData };
            }
        };
        if let Some(known) = id.as_ref().and_then(|id| wallets.calls.find(id)) {
            return Later { webview: self.webview, answer: Ok((known.boxed(), held)), of: PhantomData };
        }
        let answer = admit(&self).map(|admitted| {
            let work = work(admitted, held.clone());
            let work = async { body(work.await) }.boxed();
            let work = match id {
                Some(id) => wallets.calls.begin(id, work, monotonic()).boxed(),
                None => work,
            };
            (work, held)
        });
        Later { webview: self.webview, answer, of: PhantomData }
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for WindowCall<R> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let (name, headers) = (command.name, command.message.headers());
        let id = CallId::of(command.message.webview_ref().label(), name, headers);
        Ok(Self { webview: Webview::from_command(command)?, id })
    }
}

/// Returned by a command whose answer takes time.
#[must_use]
pub(crate) struct Later<R: Runtime, T> {
    webview: Webview<R>,
    answer: CommandResult<(BoxFuture<'static, Reply>, Held)>,
    of: PhantomData<fn() -> T>,
}

impl<R: Runtime, T> Later<R, T> {
    /// Called by the code that `#[tauri::command]` generates for a function that is not `async`, to choose how to answer.
    /// (As in Tauri 2.12. If that changes, this no longer compiles.)
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
            Ok((work, held)) => {
                let promise = Promise(Some((later.webview, resolver)), held);
                tauri::async_runtime::spawn(async move { promise.keep(work.await) });
            }
        }
    }
}

/// An answer that a window waits for. It is always sent, also when the work was dropped or panicked; what the call holds is held until
/// then.
struct Promise<R: Runtime>(Option<(Webview<R>, InvokeResolver<R>)>, Held);

impl<R: Runtime> Promise<R> {
    fn keep(mut self, body: Reply) {
        self.answer(body);
    }

    fn answer(&mut self, body: Reply) {
        if let Some((webview, resolver)) = self.0.take() {
            let held = std::mem::take(&mut self.1);
            hand_back(webview, move || {
                resolver.respond(body.map_err(InvokeError));
                drop(held);
            });
        }
    }
}

impl<R: Runtime> Drop for Promise<R> {
    fn drop(&mut self) {
        if self.0.is_some() {
            let error = Error::new(Code::TaskFailed, "the work ended without an answer");
            self.answer(Err(InvokeError::from(CommandError::from(error)).0));
        }
    }
}

fn body<T: IpcResponse>(answer: CommandResult<T>) -> Reply {
    let body = answer.map_err(InvokeError::from);
    body.and_then(|value| value.body().map_err(InvokeError::from_error)).map_err(|InvokeError(reason)| reason)
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

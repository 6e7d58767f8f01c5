//! A short question whose time is up is heard to its end behind, so that the connection that was being opened for it serves the next
//! one: to a far node that takes longer than a reading has.

use std::pin::Pin;
use std::task::{Context, Poll};

use reqwest::Response;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::limits;

/// Questions that are heard to their end at once.
static BEHIND: Semaphore = Semaphore::const_new(limits::OPENING_REQUESTS);

type Sending = Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send>>;

/// A request under way.
pub(super) struct Opening {
    sending: Option<Sending>,
    is_short: bool,
}

impl Opening {
    /// `is_short`: it has no body, and neither has the answer one to speak of.
    pub fn new(
        sending: impl Future<Output = reqwest::Result<Response>> + Send + 'static,
        is_short: bool,
    ) -> Self {
        Self { sending: Some(Box::pin(sending)), is_short }
    }
}

impl Future for Opening {
    type Output = reqwest::Result<Response>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(sending) = &mut self.sending else { return Poll::Pending };
        let answer = std::task::ready!(sending.as_mut().poll(context));
        self.sending = None;
        Poll::Ready(answer)
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let Some(sending) = self.sending.take().filter(|_| self.is_short) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Ok(place) = BEHIND.try_acquire() else { return };
        runtime.spawn(async move {
            let _place = place;
            let heard = async move {
                let Ok(mut answer) = sending.await else { return };
                let mut left = limits::SHORT_ANSWER_BYTES;
                while let Ok(Some(chunk)) = answer.chunk().await {
                    let Some(less) = left.checked_sub(chunk.len()) else { return };
                    left = less;
                }
            };
            // Whoever is no further then is not there.
            let _ = timeout(limits::CONNECT, heard).await;
        });
    }
}

#[cfg(test)]
mod tests;

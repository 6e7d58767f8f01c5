//! Whether messages come back by way of a node: on a topic drawn for it, so that no wallet hears of it.

use std::ops::ControlFlow;

use bytes::Bytes;
use tokio::sync::Notify;

use super::{Ability, Check, ENABLE, Finding, Found, NO_ECHO, PASS, finding};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::model::push::Topic;
use crate::node::pubsub::Arrival;

impl Check<'_> {
    /// Not having it is no failure; having it and losing messages is.
    pub(super) async fn push(&self) -> Finding {
        match self.echo().await {
            Err(e) if e.code() == Code::Denied => {
                Finding { ability: Ability::Push, outcome: Ok(Found::NoPush), change: Some(ENABLE) }
            }
            outcome => finding(Ability::Push, outcome, PASS),
        }
    }

    /// Subscribes, sends a message, and waits until it comes.
    async fn echo(&self) -> Result<Found, Error> {
        let (topic, message) =
            (Topic::new(self.entropy.draw()), Bytes::from(self.entropy.draw::<32>().to_vec()));
        let (call, is_open) = (self.call(), Notify::new());
        let (began, mut is_heard) = (monotonic(), false);
        let mut ear = |arrival| match arrival {
            Arrival::Begun => {
                is_open.notify_one();
                ControlFlow::Continue(())
            }
            Arrival::Message(bytes) if bytes == message => {
                is_heard = true;
                ControlFlow::Break(())
            }
            Arrival::Message(_) | Arrival::Noise => ControlFlow::Continue(()),
        };
        let announced = async {
            is_open.notified().await;
            match self.node.announce(&topic, message.clone(), &call).await {
                Ok(()) => std::future::pending().await,
                Err(e) => e,
            }
        };
        tokio::select! {
            heard = self.node.subscribe(&topic, &mut ear, &call) => heard?,
            e = announced => return Err(e),
        }
        if !is_heard {
            return Err(Error::new(Code::Deadline, NO_ECHO));
        }
        let took = monotonic().saturating_duration_since(began).as_millis();
        Ok(Found::Push { ms: u64::try_from(took).unwrap_or(u64::MAX) })
    }
}

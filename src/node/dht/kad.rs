//! The two questions of Kademlia that are put to peers: GET_VALUE and PUT_VALUE.
//!
//! Of an answer its record is kept, and of the peers that it names no more than a walk can use: a thousand of them fit into an answer, and
//! whoever parsed them all would hold thirteen times as much as was sent.

use std::io;

use bytes::Bytes;
use libp2p::futures::{AsyncRead, AsyncWrite, AsyncWriteExt};
use libp2p::{Multiaddr, PeerId, StreamProtocol, request_response};

use super::framed;
use crate::error::Error;
use crate::limits;
use crate::model::identity::Name;
use crate::model::protobuf::{Reader, Value, put_bytes, put_number, put_varint};

const PUT_VALUE: u64 = 0;
const GET_VALUE: u64 = 1;
const TYPE: u64 = 1;
const KEY: u64 = 2;
const RECORD: u64 = 3;
const CLOSER: u64 = 8;

/// What a peer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Get(Name),
    Put(Name, Bytes),
}

/// What it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The record's bytes, not judged yet.
    pub record: Option<Bytes>,
    /// Peers that may know more, at most [`limits::WALK_CLOSER`].
    pub closer: Vec<Closer>,
}

/// A peer that another one named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closer {
    pub id: PeerId,
    pub addresses: Vec<Multiaddr>,
}

/// The key of a name in the DHT.
pub(super) fn key(name: &Name) -> Vec<u8> {
    [b"/ipns/", name.multihash().as_slice()].concat()
}

impl Question {
    /// The message, with its length in front.
    fn encode(&self) -> Vec<u8> {
        let mut message = Vec::new();
        match self {
            Self::Get(name) => {
                put_number(&mut message, TYPE, GET_VALUE);
                put_bytes(&mut message, KEY, &key(name));
            }
            Self::Put(name, value) => {
                put_number(&mut message, TYPE, PUT_VALUE);
                put_bytes(&mut message, KEY, &key(name));
                let mut record = Vec::new();
                put_bytes(&mut record, 1, &key(name));
                put_bytes(&mut record, 2, value);
                put_bytes(&mut message, RECORD, &record);
            }
        }
        let mut frame = Vec::with_capacity(message.len() + 4);
        put_varint(&mut frame, message.len() as u64);
        frame.extend_from_slice(&message);
        frame
    }
}

impl Answer {
    /// Reads a message; its size was bounded by the caller.
    ///
    /// # Errors
    /// [`crate::Code::Malformed`] for what is no message.
    pub fn decode(raw: &Bytes, walks: bool) -> Result<Self, Error> {
        let mut answer = Self::default();
        for field in Reader::new(raw) {
            match field? {
                (RECORD, Value::Bytes(record)) => answer.record = value(&record)?,
                (CLOSER, Value::Bytes(peer)) if walks && answer.closer.len() < limits::WALK_CLOSER => {
                    answer.closer.extend(closer(&peer)?);
                }
                _ => {}
            }
        }
        Ok(answer)
    }
}

/// A copy of the value, so that nothing keeps the message around it.
fn value(record: &Bytes) -> Result<Option<Bytes>, Error> {
    let mut value = None;
    for field in Reader::new(record) {
        if let (2, Value::Bytes(bytes)) = field? {
            value = Some(Bytes::copy_from_slice(&bytes));
        }
    }
    Ok(value)
}

fn closer(peer: &Bytes) -> Result<Option<Closer>, Error> {
    let (mut id, mut addresses) = (None, Vec::new());
    for field in Reader::new(peer) {
        match field? {
            (1, Value::Bytes(bytes)) => id = PeerId::from_bytes(&bytes).ok(),
            (2, Value::Bytes(bytes)) if addresses.len() < limits::WALK_ADDRESSES => {
                addresses.extend(Multiaddr::try_from(bytes.to_vec()).ok());
            }
            _ => {}
        }
    }
    Ok(id.filter(|_| !addresses.is_empty()).map(|id| Closer { id, addresses }))
}

/// Writes questions and reads answers, each on a stream of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Codec {
    /// Whether peers that an answer names may be asked too.
    pub walks: bool,
}

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Question;
    type Response = Answer;

    async fn read_request<T>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Question>
    where
        T: AsyncRead + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Answer>
    where
        T: AsyncRead + Unpin + Send,
    {
        let Some(length) = framed::length(stream, limits::DHT_PACKET_BYTES).await? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let body = Bytes::from(framed::body(stream, length).await?);
        Answer::decode(&body, self.walks).map_err(io::Error::other)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        question: Question,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        stream.write_all(&question.encode()).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, _: Answer) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::{Slot, WalletKeys};
    use crate::secret::Secret;

    fn name() -> Name {
        WalletKeys::derive(&Secret::new([7; 32]), None).name(Slot::ZERO)
    }

    /// A peer with one address.
    fn peer() -> Vec<u8> {
        let mut peer = Vec::new();
        put_bytes(&mut peer, 1, &PeerId::random().to_bytes());
        put_bytes(&mut peer, 2, &"/ip4/127.0.0.1/tcp/1".parse::<Multiaddr>().unwrap().to_vec());
        peer
    }

    #[test]
    fn a_question_is_what_kubo_reads() {
        let key = key(&name());
        let asked = Question::Get(name()).encode();
        let length = u8::try_from(key.len()).unwrap();
        assert_eq!(asked, [&[length + 4, 0x08, 1, 0x12, length], key.as_slice()].concat());
    }

    #[test]
    fn of_an_answer_the_record_is_read_and_no_peer_where_none_is_asked() {
        let (mut record, mut message) = (Vec::new(), Vec::new());
        put_bytes(&mut record, 2, b"value");
        put_bytes(&mut message, RECORD, &record);
        for _ in 0..100 {
            put_bytes(&mut message, CLOSER, &peer());
        }
        let message = Bytes::from(message);
        let answer = Answer::decode(&message, false).unwrap();
        assert_eq!((answer.record.as_deref(), answer.closer.len()), (Some(b"value".as_slice()), 0));
        assert_eq!(Answer::decode(&message, true).unwrap().closer.len(), limits::WALK_CLOSER);
        assert!(Answer::decode(&message.slice(..message.len() - 1), true).is_err());
    }
}

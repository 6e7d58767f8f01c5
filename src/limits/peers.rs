//! The third tier: DHT and bitswap.

use std::time::Duration;

use super::formats::BLOCK_BYTES;

/// The DHT is asked this long after a sync began without a usable HTTP answer: four round trips of a slow line.
pub const DHT_AFTER: Duration = Duration::from_millis(800);
/// Peers are dialled this long after a sync began without a usable HTTP answer, so that the query finds open connections.
pub const DHT_WARM: Duration = Duration::from_millis(400);
/// Without work for this long every connection is closed and the swarm's task ends.
pub const DHT_IDLE: Duration = Duration::from_secs(60);
/// A connection that is not encrypted and multiplexed by then is given up, and dialled anew by the next request: six round trips of
/// 1.5 s. A peer that takes a connection and says nothing would be on its way for ever.
pub const DHT_SETUP: Duration = Duration::from_secs(10);
/// Deadlines, stalls and dropped questions are looked at this often while work is under way, and never otherwise.
pub const DHT_TICK: Duration = Duration::from_millis(20);
/// A stream to a peer that carries nothing for this long while something is expected is given up.
pub const DHT_STREAM_IDLE: Duration = Duration::from_secs(10);
/// Largest Kademlia message, bytes: a record and twenty peers with eight addresses each were seen to take 43 KB.
pub const DHT_PACKET_BYTES: usize = 48 * 1024;
/// Most addresses of one node, and longest of them, characters: Kubo announces about twenty.
pub const SWARM_ADDRESSES: usize = 64;
/// See [`SWARM_ADDRESSES`].
pub const SWARM_ADDRESS_CHARS: usize = 512;
/// Characters of a peer id; the longest in use have 59.
pub const PEER_ID_CHARS: usize = 128;
/// Most public peers to start from.
pub const BOOTSTRAP_PEERS: usize = 32;
/// Addresses taken of one host name.
pub const RESOLVED_ADDRESSES: usize = 8;
/// A host name that is not resolved by then is not dialled.
pub const RESOLVE: Duration = Duration::from_millis(500);
/// A host name is looked up again after this long, by a request that finds its peer not connected: the resolver may have been away,
/// or the address may be another by now.
pub const RESOLVE_AGAIN: Duration = Duration::from_secs(1);
/// Addresses known of one peer while the swarm runs; names that lead elsewhere each time add no more.
pub const PEER_ADDRESSES: usize = SWARM_ADDRESSES * 2;
/// Addresses of one peer dialled at once.
pub const DIALS_AT_ONCE: u8 = 8;
/// Questions that one peer may owe the answer of, both DHTs together: 16 names, so that the 64 of a wallet take four round trips. Each may
/// have an answer of [`DHT_PACKET_BYTES`] that is half read.
pub const PEER_QUESTIONS: usize = 32;
/// Peers that are read of one answer, and that wait to be asked for one name: Kubo names twenty.
pub const WALK_CLOSER: usize = 20;
/// Addresses that are read of such a peer.
pub const WALK_ADDRESSES: usize = 8;
/// Peers beyond the configured ones that are asked for one name.
pub const WALK_PEERS: usize = 32;
/// The same at once, for all names of a look-up.
pub const WALKS_AT_ONCE: usize = 8;
/// Streams that a peer may have open on one connection. Kubo sends each bitswap message on a stream of its own, eight at once, and those that
/// were read a moment ago count until they are dropped: of ten some were reset, and each cost a stall.
pub const PEER_STREAMS: usize = 32;
/// The same for a peer that is not configured: it is asked for records alone.
pub const STRANGER_STREAMS: usize = 4;
/// What a peer may have sent on one connection that nobody has read yet, bytes: a window of 256 KiB of each of Kubo's eight workers, and
/// as much as six others fill. Above it the connection ends.
pub const PEER_UNREAD_BYTES: usize = 14 * 256 * 1024;
/// The same for a peer that is not configured.
pub const STRANGER_UNREAD_BYTES: usize = 1024 * 1024;
/// What a frame takes beside its bytes while nobody has read it, bytes: its place in a queue that doubles, and the least allocation.
pub const FRAME_COST: usize = 128;
/// Streams of one connection in all: those of the peer, [`PEER_QUESTIONS`], as many that end, bitswap and identify. Of more the connection
/// ends.
pub const CONNECTION_STREAMS: usize = 128;
/// Messages of one connection that wait to be looked at: each may be as large as any.
pub const PEER_EVENTS: usize = 1;
/// Connections beside those to configured peers, with public ones to start from: each may hold 1 MiB that is unread.
pub const STRANGER_CONNECTIONS: u32 = 16;
/// Connections to one peer: two of its addresses may answer at once.
pub const CONNECTIONS_PER_PEER: u32 = 2;
/// What a peer may send on one stream of QUIC before it is read, bytes: as much as yamux lets it.
pub const QUIC_STREAM_BYTES: u32 = 256 * 1024;
/// The same for all streams of a connection.
pub const QUIC_CONNECTION_BYTES: u32 = 4 * 1024 * 1024;
/// Largest bitswap message, bytes: Kubo fills a message up to 16 KiB and puts one block more into it.
pub const BITSWAP_MESSAGE_BYTES: usize = BLOCK_BYTES + 64 * 1024;
/// Most blocks and presences in one message: Kubo fills messages up to 16 KiB, a presence takes 40 bytes.
pub const BITSWAP_ITEMS: usize = 4_096;
/// Inbound bitswap streams of one connection: those of Kubo's eight workers, those that were read and are not dropped yet, and one for
/// what it wants.
pub const BITSWAP_STREAMS: usize = 24;
/// Bytes of messages that one connection may have half read, or read and not looked at: room for the largest one.
pub const BITSWAP_BUFFER_BYTES: usize = BITSWAP_MESSAGE_BYTES;
/// Blocks asked of one peer at once, and entries of one message.
pub const BITSWAP_WANTS: usize = 64;
/// Blocks asked of a peer that has not sent any yet: what a hung one can hold up.
pub const BITSWAP_FIRST_WANTS: usize = 8;
/// A peer that sends nothing for this long while asked is joined by the next one.
pub const BITSWAP_STALL: Duration = Duration::from_millis(200);
/// Most blocks of one fetch; the caller asks again for the rest.
pub const BITSWAP_BLOCKS: usize = 4_096;
/// A fetch ends once it holds this many bytes, so that memory stays bounded; the caller asks again for the rest.
pub const BITSWAP_BYTES: usize = 32 * 1024 * 1024;

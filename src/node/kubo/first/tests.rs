use super::*;

const MS: Duration = Duration::from_millis(1);

/// How many of so many requests that wait have got a turn.
struct Waiting(Vec<tokio::task::JoinHandle<Option<UnderWay>>>);

impl Waiting {
    fn on(server: &Arc<Server>, count: usize) -> Self {
        let one = |_| tokio::spawn(SERVER.scope(server.clone(), server.clone().turn()));
        Self((0..count).map(one).collect())
    }

    /// After everything that can happen now has happened.
    async fn opened(&self) -> usize {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.0.iter().filter(|waiting| waiting.is_finished()).count()
    }
}

async fn lead(server: &Arc<Server>) -> UnderWay {
    SERVER.scope(server.clone(), server.clone().turn()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn nobody_opens_a_connection_beside_the_first_one() {
    let server = Arc::<Server>::default();
    let first = lead(&server).await;
    let waiting = Waiting::on(&server, 5);
    tokio::time::advance(limits::SECOND_CONNECTION - MS).await;
    assert_eq!(waiting.opened().await, 0);
    first.opened(false);
    drop(first);
    // The pool has it now, and they are served by that.
    assert_eq!(waiting.opened().await, 0);
    assert_eq!(Waiting::on(&server, 1).opened().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shared_connection_that_serves_nobody_is_not_waited_for() {
    let server = Arc::<Server>::default();
    let first = lead(&server).await;
    let waiting = Waiting::on(&server, 3);
    first.opened(false);
    drop(first);
    assert_eq!(waiting.opened().await, 0);
    tokio::time::advance(limits::SHARED_SOON).await;
    assert_eq!(waiting.opened().await, 1);
}

#[tokio::test(start_paused = true)]
async fn without_http2_all_go_on_at_once() {
    let server = Arc::<Server>::default();
    let first = lead(&server).await;
    let waiting = Waiting::on(&server, 5);
    first.opened(true);
    assert_eq!(waiting.opened().await, 5);
    // A client that is new knows it as well.
    let renewed = Arc::new(server.renewed());
    assert_eq!(Waiting::on(&renewed, 5).opened().await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_fails_holds_nobody_up() {
    let server = Arc::<Server>::default();
    let first = lead(&server).await;
    let waiting = Waiting::on(&server, 5);
    assert_eq!(waiting.opened().await, 0);
    first.failed();
    drop(first);
    assert_eq!(waiting.opened().await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_is_given_up_makes_room_for_the_next() {
    let server = Arc::<Server>::default();
    let first = lead(&server).await;
    let waiting = Waiting::on(&server, 5);
    assert_eq!(waiting.opened().await, 0);
    drop(first);
    assert_eq!(waiting.opened().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_hangs_is_joined_by_a_second_and_soon_by_all() {
    let server = Arc::<Server>::default();
    let _hangs = lead(&server).await;
    let waiting = Waiting::on(&server, 5);
    assert_eq!(waiting.opened().await, 0);
    tokio::time::advance(limits::SECOND_CONNECTION).await;
    assert_eq!(waiting.opened().await, 1);
    tokio::time::advance(limits::OWN_CONNECTION - limits::SECOND_CONNECTION).await;
    assert_eq!(waiting.opened().await, 5);
}

#[tokio::test(start_paused = true)]
async fn whom_no_request_waits_for_opens_nothing() {
    let server = Arc::<Server>::default();
    let _first = lead(&server).await;
    let mut turn = Box::pin(server.clone().turn());
    let began_to_wait = SERVER.scope(
        server.clone(),
        std::future::poll_fn(|context| Poll::Ready(turn.as_mut().poll(context).is_pending())),
    );
    assert!(began_to_wait.await);
    // As the pool leaves it behind when another connection was free first.
    assert!(tokio::spawn(turn).await.unwrap().is_none());
}

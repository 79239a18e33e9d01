//! What a watch is told while it runs. Only watches of kinds that plugins declare are told anything.

use std::sync::Arc;

use longshore_framework::objects::declared::Projection;
use tokio::sync::watch::Receiver;

/// How objects are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// What is kept of each.
    pub(crate) wanted: Arc<Projection>,
    /// Rises when more is kept than before: then all of them are listed anew.
    pub(crate) number: u64,
}

/// What to do from now on.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Read like this.
    Read(Reading),
    /// Nobody reads the kind any more: come to an end.
    Forget,
}

/// The newest order.
pub(crate) struct Orders(Option<Receiver<Order>>);

impl Orders {
    /// Nobody gives any.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Those that come this way.
    pub(crate) fn new(orders: Receiver<Order>) -> Self {
        Self(Some(orders))
    }

    /// The order in force.
    pub(super) fn now(&mut self) -> Order {
        self.0
            .as_mut()
            .map_or_else(|| Order::Read(Reading::default()), |orders| orders.borrow_and_update().clone())
    }

    /// Waits for another order, for good where nobody gives any.
    pub(super) async fn next(&mut self) -> Order {
        if let Some(orders) = &mut self.0
            && orders.changed().await.is_ok()
        {
            return self.now();
        }
        std::future::pending().await
    }
}

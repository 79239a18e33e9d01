//! Answers for the HTTPS server. What only the scheduling thread knows is asked between two of its decisions.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use longshore_cluster::lease::Leadership;
use longshore_engine::{Engine, Options};
use longshore_framework::features::Features;
use longshore_framework::profile::Profile;
use longshore_loader::Loader;
use longshore_simulation::explain::{Question, explain};
use longshore_simulation::report::Explanation;
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::observer::SharedDecisions;
use super::picture::{Picture, picture};
use super::{Inbox, Message};
use crate::decisions::DecisionList;
use crate::metrics::pod_resources;
use crate::serve::{Backend, Standing, Unanswered};

/// How long the thread may take: it may be in the middle of a preemption.
const PATIENCE: Duration = Duration::from_secs(10);

/// Knows whom to ask.
pub(crate) struct Answers {
    /// The thread.
    pub(crate) inbox: Inbox,
    /// Where we stand in the election.
    pub(crate) leadership: watch::Receiver<Leadership>,
    /// The last decisions.
    pub(crate) decisions: SharedDecisions,
    /// The configuration in force, as `profile show` prints it.
    pub(crate) shown: Arc<Mutex<Value>>,
    /// Who makes plugins, and for which rules.
    pub(crate) loader: Loader,
}

impl Answers {
    /// Asks the thread.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        let unavailable = |why: &str| Unanswered::Unavailable(why.to_string());
        let (answer, answered) = oneshot::channel();
        let errand = move |engine: &mut Engine| {
            // Whoever asked may have gone away.
            let _ = answer.send(question(engine));
            Vec::new()
        };
        self.inbox
            .send(Message::Do(Box::new(errand)))
            .map_err(|_| unavailable("the scheduler is stopping"))?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(unavailable("the scheduler is stopping")),
            Err(_) => Err(unavailable("the scheduling thread is busy; try again")),
        }
    }
}

impl Backend for Answers {
    fn standing(&self) -> Standing {
        match &*self.leadership.borrow() {
            Leadership::Leading => Standing::Leader,
            Leadership::Standby { holder, .. } => Standing::Standby(holder.as_ref().map(ToString::to_string)),
            Leadership::Lost(_) => Standing::Standby(None),
        }
    }

    fn features(&self) -> Features {
        self.loader.features()
    }

    fn decisions<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
    ) -> BoxFuture<'a, Result<Option<DecisionList>, Unanswered>> {
        let features = self.features();
        async move { Ok(self.decisions.lock().document(namespace, pod).map(|list| list.by(features))) }
            .boxed()
    }

    fn explain<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
        as_pending: bool,
        top: usize,
    ) -> BoxFuture<'a, Result<Option<Explanation>, Unanswered>> {
        let key = format!("{namespace}/{pod}");
        async move {
            let picture = self.ask(picture).await?;
            let features = self.features();
            let explained =
                tokio::task::spawn_blocking(move || explained(picture, &key, (as_pending, top), features))
                    .await;
            explained.map_err(|e| Unanswered::Unavailable(format!("the explanation broke: {e}")))
        }
        .boxed()
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Value, Unanswered>> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move { Ok(shown) }.boxed()
    }

    fn pod_resources(&self) -> BoxFuture<'_, Result<String, Unanswered>> {
        async move {
            let picture = self.ask(picture).await?;
            let written = tokio::task::spawn_blocking(move || pod_resources(&picture.cluster.pods)).await;
            written.map_err(|e| Unanswered::Unavailable(format!("the page broke: {e}")))
        }
        .boxed()
    }
}

fn explained(
    picture: Picture,
    key: &str,
    (as_pending, top): (bool, usize),
    features: Features,
) -> Option<Explanation> {
    let Picture { cluster, profiles } = picture;
    let pod = cluster.pods.iter().find(|pod| pod.key() == key).cloned()?;
    let profiles = profiles.iter().map(|p| Profile::clone(p)).collect();
    let options = Options { features, ..Options::default() };
    Some(explain(Question { cluster: &cluster, profiles, options, pod, now: true, as_pending, top }))
}

//! What goes before a binding: volumes and claims for devices are written, and waited for.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::PreBindWrite;

use super::underway::Guard;
use super::{Shared, Tools};
use crate::record::Event;
use crate::{claims, volumes};

/// Names of the plugins that kube-scheduler's messages begin with.
const VOLUMES: &str = "VolumeBinding";
const DEVICES: &str = "DynamicResources";

/// The writes of one pod. From the moment it is made it notices what would end the wait for them.
pub(super) struct Before {
    volumes: volumes::PreBind,
    claims: claims::PreBind,
}

impl Before {
    /// Nothing is written yet.
    pub(super) fn begin(tools: &Tools, pod: &Pod, node: &Str, writes: Vec<PreBindWrite>) -> Self {
        let (mut storage, mut given, mut wait) = (Vec::new(), Vec::new(), None);
        for write in writes {
            match write {
                PreBindWrite::Storage(write) => storage.push(write),
                PreBindWrite::Claim(write) => given.push(*write),
                PreBindWrite::AwaitDevices(devices) => wait = Some(devices),
            }
        }
        Self {
            volumes: volumes::PreBind::begin(&tools.storage, pod, node, storage),
            claims: claims::PreBind::begin(&tools.claims, pod, given, wait),
        }
    }

    /// Makes the writes, volumes first, then waits for all of it. `under_way` ends when everything is written.
    pub(super) async fn carry_out(
        self,
        shared: &Arc<Shared>,
        pod: &Pod,
        node: &str,
        under_way: Guard,
    ) -> Result<(), Str> {
        let said = |plugin: &'static str| {
            move |why: String| Str::from(format!("running PreBind plugin \"{plugin}\": {why}"))
        };
        let tools = &shared.tools;
        let volumes = self.volumes.write(&tools.writes).await.map_err(said(VOLUMES))?;
        let ready = {
            let _room = match self.claims.is_empty() {
                true => None,
                false => Some(shared.claims.acquire().await),
            };
            let tell = |input| shared.tell(input);
            self.claims.write(&tools.writes, pod, &tell).await.map_err(said(DEVICES))?
        };
        drop(under_way);
        if ready.has_to_wait() {
            tools.recorder.record(Event::waiting_for_devices(pod, node));
        }
        let is_there = || tools.status.is_waiting(&pod.meta.uid);
        let timeout = (tools.bind_timeout)(&pod.spec.scheduler_name);
        let bound = volumes.until_bound(&tools.writes, timeout, is_there);
        let ready = ready.until_ready(is_there);
        tokio::try_join!(async { bound.await.map_err(said(VOLUMES)) }, async {
            ready.await.map_err(said(DEVICES))
        },)
        .map(drop)
    }
}

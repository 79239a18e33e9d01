//! PreEnqueue: the pod's claims have to be there.

use longshore_framework::plugin::{EnqueueContext, PreEnqueue};
use longshore_framework::verdict::Verdict;

use super::{DynamicResources, pod_claims};

impl PreEnqueue for DynamicResources {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        match pod_claims::claims(cx.pod, cx.objects) {
            Ok(_) => Verdict::Pass,
            Err(why) => Verdict::unresolvable(why),
        }
    }
}

//! What tells two pods apart.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::Str;
use crate::labels::{LabelSelector, Labels};
use crate::node_selector::NodeSelector;
use crate::pod::{Owner, Pod};
use crate::ports::HostPort;
use crate::quantity::Quantity;
use crate::resource_claim::ClaimSpec;
use crate::volume::VolumeSource;

/// What plugins read of a pod beside its effective requests and the parts of its spec outside containers and volumes. Pods for which
/// these are equal get the same answers of every plugin, whatever their names, labels and images are.
///
/// Plugins [add to it](crate::plugin::Plugin::tell_apart) one after the other, always in the same order. A list is preceded by
/// its length and by who added it, so that what two add cannot be mixed up, also where one of them adds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Likeness {
    identity: Option<Box<Identity>>,
    namespace: Option<Str>,
    containers: bool,
    ports: Vec<HostPort>,
    images: Vec<Str>,
    selectors: Vec<LabelSelector>,
    node_selectors: Vec<NodeSelector>,
    volumes: Vec<VolumeSource>,
    texts: Vec<Str>,
    claims: SmallVec<[Arc<ClaimSpec>; 1]>,
    quantities: SmallVec<[Quantity; 2]>,
    numbers: SmallVec<[u64; 4]>,
    /// Who adds to it now.
    adding: u16,
    /// Who is to be asked every time.
    asked: SmallVec<[u16; 1]>,
    /// No other pod is like this one.
    unlike_any: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    labels: Labels,
    owner: Option<Owner>,
}

impl Likeness {
    /// No other pod is like this one: nothing is kept for it. For pods that PreFilter rejects because of what only they
    /// name.
    pub fn set_apart(&mut self) {
        self.unlike_any = true;
    }

    /// Whoever adds to it now is to be asked about such pods every time, whatever its answers
    /// [depend on](crate::plugin::Dependence) otherwise.
    pub fn ask_every_time(&mut self) {
        self.asked.push(self.adding);
    }

    /// Whether the one with this number is to be asked every time.
    pub fn is_asked_every_time(&self, number: u16) -> bool {
        self.asked.contains(&number)
    }

    /// Whether no other pod is like this one.
    pub fn is_unlike_any(&self) -> bool {
        self.unlike_any
    }

    /// A volume of the spec matters, as it is written.
    pub fn add_volume(&mut self, source: &VolumeSource) {
        self.volumes.push(source.clone());
    }

    /// The nodes that a volume can be used on matter.
    pub fn add_node_selector(&mut self, selector: NodeSelector) {
        self.node_selectors.push(selector);
    }

    /// A quantity matters.
    pub fn add_quantity(&mut self, quantity: Quantity) {
        self.quantities.push(quantity);
    }

    /// What claims for devices ask for matters, in this order.
    pub fn add_claims(&mut self, specs: impl IntoIterator<Item = Arc<ClaimSpec>>) {
        let before = self.claims.len();
        self.claims.extend(specs);
        self.add_numbers(&[(self.claims.len() - before) as u64]);
    }

    /// Some texts matter, in this order.
    pub fn add_texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t Str>) {
        let before = self.texts.len();
        self.texts.extend(texts.into_iter().cloned());
        self.add_numbers(&[(self.texts.len() - before) as u64]);
    }

    /// Everything may matter: namespace, labels, controlling owner, and all of the spec.
    pub fn add_all(&mut self, pod: &Pod) {
        self.add_identity(pod);
        self.containers = true;
    }

    /// Namespace, labels and controlling owner matter.
    pub fn add_identity(&mut self, pod: &Pod) {
        self.add_namespace(pod);
        let identity = || Identity { labels: pod.meta.labels.clone(), owner: pod.meta.owner.clone() };
        self.identity.get_or_insert_with(|| Box::new(identity()));
    }

    /// The namespace matters.
    pub fn add_namespace(&mut self, pod: &Pod) {
        self.namespace.get_or_insert_with(|| Arc::clone(&pod.meta.namespace));
    }

    /// The host ports matter.
    pub fn add_host_ports(&mut self, pod: &Pod) {
        self.ports.extend(pod.host_ports().cloned());
    }

    /// These images matter.
    pub fn add_images<'i>(&mut self, images: impl Iterator<Item = &'i str>) {
        self.images.extend(images.map(Str::from));
    }

    /// Whether more of containers and volumes matters than was added.
    pub fn reads_containers(&self) -> bool {
        self.containers
    }

    /// A selector matters that was made for the pod.
    pub fn add_selector(&mut self, selector: LabelSelector) {
        self.selectors.push(selector);
    }

    /// What is added from here on comes from the one with this number. Likenesses are compared after the same one was the
    /// last.
    pub fn added_by(&mut self, number: u16) {
        self.adding = number;
    }

    /// Some numbers matter, in this order.
    pub fn add_numbers(&mut self, numbers: &[u64]) {
        self.numbers.push((numbers.len() as u64) << 16 | u64::from(self.adding));
        self.numbers.extend_from_slice(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pod;

    /// Whether two pods are alike after `add`.
    #[track_caller]
    fn check(add: impl Fn(&mut Likeness, &Pod), a: &Pod, b: &Pod, want: bool) {
        let of = |pod: &Pod| {
            let mut likeness = Likeness::default();
            add(&mut likeness, pod);
            likeness
        };
        assert_eq!(of(a) == of(b), want);
    }

    #[test]
    fn pods_are_alike_until_something_of_them_is_added() {
        let a = pod("a").label("app", "web").build();
        let b = pod("b").label("app", "db").build();
        let far = pod("c").namespace("far").label("app", "web").build();
        check(|_, _| {}, &a, &b, true);
        check(Likeness::add_namespace, &a, &b, true);
        check(Likeness::add_namespace, &a, &far, false);
        check(Likeness::add_identity, &a, &b, false);
        check(Likeness::add_identity, &a, &far, false);
    }

    #[test]
    fn lists_are_told_apart_by_their_lengths() {
        let of = |lists: &[&[u64]]| {
            let mut likeness = Likeness::default();
            lists.iter().for_each(|list| likeness.add_numbers(list));
            likeness
        };
        assert_ne!(of(&[&[1, 2], &[]]), of(&[&[1], &[2]]));
    }

    #[test]
    fn lists_are_told_apart_by_who_added_them() {
        let of = |number: u16| {
            let mut likeness = Likeness::default();
            likeness.added_by(number);
            likeness.add_numbers(&[7]);
            likeness.added_by(u16::MAX);
            likeness
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}

//! What every plugin is.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::column::Text;
use crate::{Error, Manifest, Node, Nodes, Pod, Table, Words};

/// A plugin. Each stage that it takes part in is a further trait, such as [`Filter`](crate::Filter).
pub trait Plugin: Sized + 'static {
    /// `config` of the plugin's args in the profile, read by serde; `Default` where the profile has none. `()` for a
    /// plugin without.
    type Config: DeserializeOwned + Default;

    /// What PreFilter leaves for the later stages; `Default` where there is no PreFilter. `()` for nothing. It travels
    /// as JSON and may have 64 KiB.
    type Shared: Serialize + DeserializeOwned + Default;

    /// What [`Plugin::prepare`] makes once for each pod, for Filter and Score. `()` for nothing.
    type Prepared: Default;

    /// What the plugin is and what it needs, whatever the config says.
    fn manifest() -> Manifest;

    /// The same where it depends on the config: other columns, objects or events. It begins with
    /// [`Plugin::manifest`] and changes that.
    ///
    /// # Errors
    /// The profile is refused with this text.
    fn describe(config: &Self::Config) -> Result<Manifest, Error> {
        let _ = config;
        Ok(Self::manifest())
    }

    /// Makes the plugin. Called on every instance.
    ///
    /// # Errors
    /// The profile is refused with this text.
    fn new(config: Self::Config) -> Result<Self, Error>;

    /// Called once for each pod before Filter and Score: looks up the words and amounts that each node is compared
    /// with.
    ///
    /// # Errors
    /// The plugin's failure; the pod is tried again.
    fn prepare(&self, pod: &Pod, shared: &Self::Shared, words: &mut Words) -> Result<Self::Prepared, Error> {
        let _ = (pod, shared, words);
        Ok(Self::Prepared::default())
    }
}

/// The pod that Filter and Score are about.
pub struct Cycle<P: Plugin> {
    /// The pod to be placed.
    pub pod: Pod,
    /// What PreFilter (or PreScore) left.
    pub shared: P::Shared,
    /// What [`Plugin::prepare`] made.
    pub prepared: P::Prepared,
}

/// A pod on the node that was chosen for it: what Reserve, Permit, PreBind and Bind are about.
pub struct Placement<'a, P: Plugin> {
    /// The pod.
    pub pod: &'a Pod,
    /// The node's name.
    pub node: &'a str,
    /// What PreFilter left.
    pub shared: &'a P::Shared,
    pub(crate) table: &'a Table,
}

impl<'a, P: Plugin> Placement<'a, P> {
    /// The node in the table, found by the column of names, which the plugin has to declare. `None` without
    /// [`Manifest::single`]: the instance that answers these stages holds no nodes then.
    pub fn row(&self, names: Text) -> Option<Node<'a>> {
        self.table.find(names, self.node)
    }

    /// Every node of the cluster, candidates or not. None without [`Manifest::single`].
    pub fn nodes(&self) -> Nodes<'a> {
        self.table.nodes()
    }
}

/// At most so many bytes may be left for later stages.
const MOST_SHARED: usize = 64 << 10;

/// The config from JSON.
pub(crate) fn configured<P: Plugin>(config: &str) -> Result<P::Config, Error> {
    match config.trim() {
        "" | "null" => Ok(P::Config::default()),
        config => serde_json::from_str(config).map_err(|e| format!("config: {e}").into()),
    }
}

/// What PreFilter left, as bytes; none for `()`.
pub(crate) fn encode<T: Serialize>(shared: &T) -> Result<Vec<u8>, Error> {
    let bytes = serde_json::to_vec(shared)?;
    if bytes.len() > MOST_SHARED {
        return Err(format!("PreFilter leaves {} bytes; {MOST_SHARED} are allowed", bytes.len()).into());
    }
    Ok(if bytes == b"null" { Vec::new() } else { bytes })
}

/// The other way round.
pub(crate) fn decode<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.is_empty() { Ok(T::default()) } else { Ok(serde_json::from_slice(bytes)?) }
}

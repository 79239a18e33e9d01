//! What a plugin remembers within one cycle.

use std::any::{Any, type_name};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::verdict::PluginError;

/// A value a plugin keeps from one stage to the next. Copies of a state share it until one of them changes it, as every
/// hypothesis does; so whatever is large and unchanging in it belongs behind an `Arc`.
pub trait StateValue: Any + Send + Sync {
    /// A copy that changes apart from this one.
    fn clone_shared(&self) -> Arc<dyn StateValue>;
    /// For the way back to the type.
    fn as_any(&self) -> &dyn Any;
    /// For the way back to the type.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Any + Clone + Send + Sync> StateValue for T {
    fn clone_shared(&self) -> Arc<dyn StateValue> {
        Arc::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The state of one plugin in one cycle: at most one value of each type. No other plugin sees it.
#[derive(Clone, Default)]
pub struct PluginState(SmallVec<[Arc<dyn StateValue>; 2]>);

impl PluginState {
    /// Keeps `value`, in place of the value of the same type.
    pub fn put<T: StateValue>(&mut self, value: T) {
        self.put_shared(Arc::new(value));
    }

    /// Keeps a value that others keep as well, in place of the value of the same type.
    pub fn put_shared<T: StateValue>(&mut self, value: Arc<T>) {
        self.0.retain(|v| !(**v).as_any().is::<T>());
        self.0.push(value);
    }

    /// The value of type `T`, if it was put.
    pub fn find<T: StateValue>(&self) -> Option<&T> {
        self.0.iter().find_map(|v| (**v).as_any().downcast_ref::<T>())
    }

    /// The value of type `T`, if it was put, to change.
    pub fn find_mut<T: StateValue>(&mut self) -> Option<&mut T> {
        let value = self.0.iter_mut().find(|v| (***v).as_any().is::<T>())?;
        if Arc::get_mut(value).is_none() {
            *value = (**value).clone_shared();
        }
        Arc::get_mut(value).and_then(|v| v.as_any_mut().downcast_mut::<T>())
    }

    /// The value of type `T`.
    ///
    /// # Errors
    /// `not found`, as kube-scheduler words it, when the stage that puts it did not run in this cycle.
    pub fn get<T: StateValue>(&self) -> Result<&T, PluginError> {
        self.find().ok_or_else(|| PluginError::new("not found"))
    }

    /// As [`get`](Self::get), with the plugin's own words for a missing value: they can reach a pod's message.
    ///
    /// # Errors
    /// `missing`, when the stage that puts the value did not run in this cycle.
    pub fn get_or<T: StateValue>(&self, missing: &str) -> Result<&T, PluginError> {
        self.find().ok_or_else(|| PluginError::new(missing))
    }

    /// The value of type `T`, to change.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_mut<T: StateValue>(&mut self) -> Result<&mut T, PluginError> {
        self.find_mut().ok_or_else(|| PluginError::new("not found"))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for PluginState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({} values)", type_name::<Self>(), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_by_type_and_copies_are_apart() {
        let mut state = PluginState::default();
        state.put(1_i32);
        state.put("a".to_string());
        state.put(2_i32);
        let copy = state.clone();
        *state.get_mut::<i32>().unwrap() = 3;
        assert_eq!((state.get::<i32>(), copy.get::<i32>()), (Ok(&3), Ok(&2)));
        assert_eq!(state.get::<u8>().unwrap_err().to_string(), "not found");
    }
}

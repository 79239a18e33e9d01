//! A document in which every node knows where it stands.

use std::collections::BTreeMap;

use serde_json::Value;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column, from 1.
    pub(crate) column: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) content: Content,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Anything but the other two.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping; each value with the place of its key.
    Map(BTreeMap<String, (At, Node)>),
}

/// A key that is written twice in one mapping; the last one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Twice {
    /// The key.
    pub(crate) key: String,
    /// Where it is written again.
    pub(crate) at: At,
}

impl Node {
    /// The value without places.
    pub(crate) fn into_value(self) -> Value {
        match self.content {
            Content::Scalar(value) => value,
            Content::List(elements) => elements.into_iter().map(Self::into_value).collect(),
            Content::Map(fields) => {
                Value::Object(fields.into_iter().map(|(key, (_, node))| (key, node.into_value())).collect())
            }
        }
    }

    /// The objects of a document as [`items`](crate::items::items) counts them.
    pub(crate) fn items(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        match &self.content {
            Content::List(elements) => elements.iter().for_each(|e| e.add_items(&mut found)),
            _ => self.add_items(&mut found),
        }
        found
    }

    fn add_items<'n>(&'n self, found: &mut Vec<&'n Self>) {
        match self.elements() {
            Some(elements) => elements.iter().for_each(|e| e.add_items(found)),
            None if matches!(self.content, Content::Scalar(Value::Null)) => {}
            None => found.push(self),
        }
    }

    /// The elements, when this is a Kubernetes list.
    fn elements(&self) -> Option<&[Self]> {
        let Content::Map(fields) = &self.content else { return None };
        let (_, kind) = fields.get("kind")?;
        let Content::Scalar(Value::String(kind)) = &kind.content else { return None };
        let (_, items) = fields.get("items").filter(|_| kind.ends_with("List"))?;
        match &items.content {
            Content::List(elements) => Some(elements),
            _ => Some(&[]),
        }
    }

    /// Where the field with that path stands, such as `spec.containers[0].image`, or the last part of the path that is
    /// there. Keys may hold dots themselves.
    pub(crate) fn find(&self, path: &str) -> At {
        self.step(path).unwrap_or(self.at)
    }

    fn step(&self, path: &str) -> Option<At> {
        match &self.content {
            Content::Map(fields) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let leads = |key: &str| {
                    path.strip_prefix(key).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                let (rest, (at, node)) = fields
                    .iter()
                    .filter_map(|(key, child)| Some((leads(key)?, child)))
                    .min_by_key(|(rest, _)| rest.len())?;
                Some(node.step(rest).unwrap_or(*at))
            }
            Content::List(elements) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let element = elements.get(index.parse::<usize>().ok()?)?;
                Some(element.step(rest).unwrap_or(element.at))
            }
            Content::Scalar(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{json, yaml};

    const LIST: &str = "kind: List\nitems:\n- kind: Pod\n  metadata:\n    labels: {a.b/c: x}\n- kind: Pod\n  spec:\n    containers:\n    - name: c\n      image: 3\n";

    #[track_caller]
    fn check(item: usize, path: &str, line: usize) {
        let tree = yaml::tree(LIST).unwrap().0;
        assert_eq!(tree.items()[item].find(path).line, line, "{path}");
        let text = serde_json::to_string_pretty(&tree.clone().into_value()).unwrap();
        let trees = json::trees(&text);
        let place = trees[0].items()[item].find(path);
        let name = path.rsplit(['.', '/']).next().unwrap_or_default();
        let there = text.lines().nth(place.line - 1).unwrap();
        assert!(name.contains('[') || there.contains(name) || path.contains("none"), "{path}: {there}");
    }

    #[test]
    fn fields_are_found_in_yaml_and_json() {
        check(0, "metadata.labels.a.b/c", 5);
        check(1, "spec.containers[0].image", 10);
        check(1, "spec.containers[0].none", 9);
        check(1, "spec.containers[7]", 8);
        check(1, "none", 6);
    }
}

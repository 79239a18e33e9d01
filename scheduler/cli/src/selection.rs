//! Which pods of an answer are shown: by namespace and label selector, as kubectl has them.

use longshore_framework::pod::Pod;

use crate::args::selection::SelectionArgs;

/// Whether everything is shown.
pub(crate) fn is_all(args: &SelectionArgs) -> bool {
    args.namespace.is_none() && args.selector.is_none()
}

/// Whether a pod is shown.
pub(crate) fn shows(args: &SelectionArgs, pod: &Pod) -> bool {
    args.namespace.as_ref().is_none_or(|namespace| *pod.meta.namespace == **namespace)
        && args.selector.as_ref().is_none_or(|selector| selector.matches(&pod.meta.labels))
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;
    use crate::selector::parse;

    #[test]
    fn namespace_and_selector_both_have_to_fit() {
        let web = pod("web").namespace("shop").label("app", "web").build();
        let shows = |namespace: Option<&str>, selector: Option<&str>| {
            let args = SelectionArgs {
                namespace: namespace.map(str::to_string),
                selector: selector.map(|text| parse(text).unwrap()),
                ..SelectionArgs::default()
            };
            super::shows(&args, &web)
        };
        assert!(shows(None, None) && shows(Some("shop"), Some("app=web")));
        assert!(!shows(Some("other"), None) && !shows(Some("shop"), Some("app=api")));
    }
}

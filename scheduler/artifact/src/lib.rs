//! Files by reference: from a path, a URL or an OCI registry, checked against their digest.

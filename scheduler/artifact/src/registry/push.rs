//! Uploads, through `oci_client`.

use ::http::HeaderValue;
use oci_client::Client;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;

use super::Registry;
use super::address::base_url;
use super::token::{Access, Granted};
use crate::digest::Digest;
use crate::error::Problem;
use crate::error::innermost;
use crate::http::Transport;
use crate::registry::package::Package;

impl Registry<'_> {
    /// Uploads `package` and returns the digest of its manifest.
    pub(crate) async fn push(&self, transport: &Transport, package: &Package) -> Result<Digest, Problem> {
        if self.image.tag().is_none() || self.image.digest().is_some() {
            return Err(Problem::Unsupported(
                "name the upload by a tag: oci://REGISTRY/REPOSITORY:TAG".into(),
            ));
        }
        let config = package.config();
        let manifest = package.manifest(&config);
        let text = serde_json::to_vec(&manifest).map_err(|error| Problem::Unsupported(error.to_string()))?;
        let digest = Digest::of(&text);
        let client = self.uploader(transport).await?;
        let blobs = manifest.layers.iter().map(|layer| (&layer.digest, &package.bytes));
        for (digest, bytes) in blobs.chain([(&manifest.config.digest, &config)]) {
            client.push_blob(self.image, bytes.clone(), digest).await.map_err(|error| self.explain(error))?;
        }
        let kind = HeaderValue::from_static(oci_client::manifest::OCI_IMAGE_MEDIA_TYPE);
        client.push_manifest_raw(self.image, text, kind).await.map_err(|error| self.explain(error))?;
        Ok(digest)
    }

    /// A client that may write to the repository.
    pub(super) async fn uploader(&self, transport: &Transport) -> Result<Client, Problem> {
        let client = self.upload_client()?;
        let auth = match Access::new(transport, self.options, self.image).for_push().await? {
            Granted::Nothing => RegistryAuth::Anonymous,
            Granted::Basic { user, password } => RegistryAuth::Basic(user, password),
            Granted::Token(token) => RegistryAuth::Bearer(token),
        };
        client.store_auth_if_needed(self.image.resolve_registry(), &auth).await;
        Ok(client)
    }

    fn upload_client(&self) -> Result<Client, Problem> {
        let plain = base_url(self.image, self.options)?.scheme() == "http";
        let mut extra = Vec::new();
        if let Some(path) = &self.options.ca_file {
            let data = std::fs::read(path)
                .map_err(|error| Problem::File { path: path.clone(), why: error.to_string() })?;
            extra.push(Certificate { encoding: CertificateEncoding::Pem, data });
        }
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            extra_root_certificates: extra,
            read_timeout: Some(self.options.silence),
            connect_timeout: Some(self.options.silence),
            user_agent: concat!("longshore/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        Client::try_from(config).map_err(|error| Problem::Setup(innermost(&error)))
    }

    pub(super) fn explain(&self, error: OciDistributionError) -> Problem {
        let registry = self.image.registry().to_owned();
        let refused =
            |why: String| Problem::Refused { registry: registry.clone(), who: "the upload".into(), why };
        match error {
            OciDistributionError::UnauthorizedError { .. } => {
                refused(format!("log in with an account that may write {}", self.image.repository()))
            }
            OciDistributionError::RegistryError { envelope, .. } => {
                refused(envelope.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
            OciDistributionError::RequestError(error) => {
                Problem::Network { url: registry, attempts: 1, why: innermost(&error) }
            }
            other => refused(other.to_string()),
        }
    }
}

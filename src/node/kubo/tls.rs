//! Whose certificates are trusted, and which one is shown: the system's store, a node's own CA beside it, ring.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use crate::config::{NodeConfig, Pem};
use crate::error::{Code, Error};

/// What a node offers over TLS, best first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Judges servers' certificates. The system's store is read once for each set of further CAs.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    made: Mutex<Vec<Made>>,
}

/// A verifier and the CAs it trusts beside the system's.
type Made = (Vec<CertificateDer<'static>>, Arc<dyn ServerCertVerifier>);

impl Trust {
    pub fn new() -> Self {
        Self { provider: Arc::new(rustls::crypto::ring::default_provider()), made: Mutex::default() }
    }

    /// TLS for one node.
    ///
    /// # Errors
    /// `bad_request` naming the setting that cannot be used; `unreachable` when there is no TLS at all.
    pub fn client(&self, node: &NodeConfig) -> Result<ClientConfig, Error> {
        let authorities = match &node.ca {
            Some(ca) => certificates(ca).map_err(|e| e.within("ca"))?,
            None => Vec::new(),
        };
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| no_tls(&e))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(authorities)?);
        let mut config = match &node.client_cert {
            None => config.with_no_client_auth(),
            Some(shown) => {
                let chain = certificates(shown).map_err(|e| e.within("clientCert"))?;
                let key = node.client_key.as_ref().unwrap_or(shown);
                let key = private_key(key).map_err(|e| e.within("clientKey"))?;
                let unfit = |_| {
                    Error::new(
                        Code::BadRequest,
                        "clientKey: is not the key of clientCert, or of no known kind",
                    )
                };
                config.with_client_auth_cert(chain, key).map_err(unfit)?
            }
        };
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }

    /// TLS for a node whose addresses are all plain: it trusts nobody, and is never used.
    pub fn none(&self) -> Result<ClientConfig, Error> {
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| no_tls(&e))?;
        Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
    }

    fn verifier(
        &self,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, verifier)) = made.iter().find(|(known, _)| *known == authorities) {
            return Ok(verifier.clone());
        }
        let verifier = self.new_verifier(&authorities)?;
        made.push((authorities, verifier.clone()));
        Ok(verifier)
    }

    /// The system's judgement; where the system trusts nobody, the web's public CAs.
    fn new_verifier(
        &self,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let unusable = |_| Error::new(Code::BadRequest, "ca: a certificate in it cannot be used as a CA's");
        let mut roots = rustls::RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone()).map_err(unusable)?;
        }
        match Verifier::new(self.provider.clone()) {
            Ok(system) if authorities.is_empty() => return Ok(Arc::new(system)),
            Ok(_) => {
                let further = authorities.iter().cloned();
                let verifier = Verifier::new_with_extra_roots(further, self.provider.clone());
                return Ok(Arc::new(verifier.map_err(unusable)?));
            }
            Err(_) => {}
        }
        tracing::info!("the system trusts no certificate authority: the web's public ones are used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone()).build();
        let verifier = verifier.map_err(|e| no_tls(&e))?;
        Ok(verifier)
    }
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = pem.load()?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(Error::new(Code::BadRequest, "it holds no certificate in PEM")),
    }
}

fn private_key(pem: &Pem) -> Result<PrivateKeyDer<'static>, Error> {
    let text = pem.load()?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        Error::new(Code::BadRequest, "it holds no private key in PEM; an encrypted one cannot be read")
    })
}

fn no_tls(error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Unreachable, format!("no TLS: {error}"))
}

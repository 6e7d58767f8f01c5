//! A private certificate authority, and the servers that show its certificates.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A CA of its own.
pub struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

/// A certificate with its key, as PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub enum When {
    Now,
    Past,
    Future,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("home")
    }

    pub fn named(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for these hosts, fit for servers and clients.
    pub fn issue(&self, hosts: &[&str], when: When) -> Issued {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = match when {
            When::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(2999, 1, 1)),
            When::Past => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            When::Future => (date_time_ymd(2900, 1, 1), date_time_ymd(2999, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.certificate, &self.key).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// TLS of a server that lets in only who shows a certificate of this authority.
    pub fn letting_in(&self, server: &Issued) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let config = ServerConfig::builder().with_client_cert_verifier(verifier);
        config.with_single_cert(server.chain(), server.private_key()).unwrap()
    }
}

impl Issued {
    /// TLS of a server that shows this certificate.
    pub fn served(&self) -> ServerConfig {
        let config = ServerConfig::builder().with_no_client_auth();
        config.with_single_cert(self.chain(), self.private_key()).unwrap()
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()]
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

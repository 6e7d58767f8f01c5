//! What went wrong on the way to a node, in words that say what to do. Nothing of an address, nothing that a node sent.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::error::{Code, Error};
use crate::node::BrokeOff;

/// Whether a connection ended before its answer began: the request may have been lost with it.
pub(super) fn is_break(error: &reqwest::Error) -> bool {
    !error.is_connect() && !error.is_timeout() && !error.is_builder() && tls(error).is_none()
}

/// Whether a server over HTTP/2 said that it has not looked at the request, and that the same one may be sent again (RFC 9113,
/// section 8.7): it ends the connection, or has too much to do.
pub(super) fn was_not_taken(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let is_over = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (is_over || is_refused);
        }
        next = error.source();
    }
    false
}

/// A transport failure, without its URL.
pub(super) fn failed(error: reqwest::Error, has_proxy: bool) -> Error {
    let error = error.without_url();
    if let Some(tls) = tls(&error) {
        return Error::with_source(Code::Unreachable, of_tls(tls), error);
    }
    let what = match (error.is_connect(), error.is_timeout()) {
        (true, _) if has_proxy => "no connection through the proxy",
        (true, _) => "no connection",
        (false, true) => "no answer in time",
        (false, false) => {
            return Error::with_source(Code::Unreachable, "the answer broke off", BrokeOff::by(error));
        }
    };
    Error::with_source(Code::Unreachable, what, error)
}

/// The error of TLS inside another one, however deep.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        // An I/O error hides what it was made of from its sources.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref());
        if found.is_some() {
            return found;
        }
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn of_tls(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "it wants a client certificate: set clientCert"
        }
        rustls::Error::AlertReceived(
            AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate,
        ) => "it refuses the client certificate, or wants one: see clientCert",
        rustls::Error::InvalidMessage(_) => "no TLS is spoken there: http instead of https, or another port",
        rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(_) => {
            "no common way of TLS with it"
        }
        _ => "TLS with it failed",
    }
}

fn of_certificate(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is ahead"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is behind"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host"
        }
        CertificateError::UnknownIssuer => "the issuer of its certificate is not trusted here: set ca",
        CertificateError::BadSignature => {
            "its certificate is not signed by the CA that is trusted under its issuer's name: ca may be an old one"
        }
        CertificateError::Revoked => "its certificate was revoked",
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is one of a CA, not of a server: let it make one for the server"
        }
        _ => "its certificate is not valid",
    }
}

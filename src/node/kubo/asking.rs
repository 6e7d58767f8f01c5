//! A request on its way to a node: the head, a body that can be sent again, and when it is.

use bytes::{BufMut, Bytes, BytesMut};
use reqwest::Request;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use sha2::{Digest, Sha256};

use super::body::body;
use super::line::{Again, Line};
use crate::node::Call;

/// How much of a body its boundary is made from.
const BOUNDARY_FROM: usize = 4 * 1024;

/// A request, and the line it goes by.
pub(super) struct Asking<'a> {
    pub line: &'a Line,
    pub request: Request,
    pub again: Again,
}

impl<'a> Asking<'a> {
    /// A short question, until it is told otherwise.
    pub const fn new(line: &'a Line, request: Request) -> Self {
        Self { line, request, again: Again::Silent }
    }

    /// When it is sent again.
    pub const fn again(mut self, again: Again) -> Self {
        self.again = again;
        self
    }

    /// Carries a form, at the rate of the cap where there is one: then it cannot be sent again.
    pub fn multipart(mut self, form: Form, call: &Call) -> Self {
        if let Ok(value) = HeaderValue::from_str(&format!("multipart/form-data; boundary={}", form.boundary))
        {
            self.request.headers_mut().insert(CONTENT_TYPE, value);
        }
        self.request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(form.body.len()));
        *self.request.body_mut() = Some(body(form.body, call));
        self
    }
}

/// A form with a file as its only part. It is whole in memory, so that the same bytes can be sent again.
pub(super) struct Form {
    boundary: String,
    body: Bytes,
}

impl Form {
    pub fn of(file: &Bytes, name: &str) -> Self {
        let boundary =
            multibase::Base::Base16Lower.encode(Sha256::digest(file.get(..BOUNDARY_FROM).unwrap_or(file)));
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let mut body = BytesMut::with_capacity(head.len() + file.len() + end.len());
        body.put_slice(head.as_bytes());
        body.put_slice(file);
        body.put_slice(end.as_bytes());
        Self { boundary, body: body.freeze() }
    }
}

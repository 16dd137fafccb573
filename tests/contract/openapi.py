"""Reads an OpenAPI 3.1 document in the terms of `labeling_facts.json`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class OpenApi:
    """One document, its references resolved."""

    def __init__(self, document: Json) -> None:
        self.document = document

    def operation(self, key: str) -> Json | None:
        """The operation `METHOD path`, or `None`."""
        method, _, path = key.partition(" ")
        found: Json | None = self.document["paths"].get(path, {}).get(method.lower())
        return found

    def params(self, operation: Json) -> dict[str, str]:
        return {
            f"{p['in']}:{p['name']}": self.kind(p["schema"]) + "!" * p.get("required", False)
            for p in operation.get("parameters", [])
        }

    def body(self, operation: Json) -> Json | None:
        """The schema of the request body."""
        if "requestBody" not in operation:
            return None
        return self.resolve(operation["requestBody"]["content"]["application/json"]["schema"])

    def answer(self, operation: Json, status: int | str) -> Json:
        """The schema of an answer; of several alternatives, the one that is not null."""
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        return self.resolve(schema)

    def fields(self, schema: Json) -> dict[str, str]:
        """Name → type of an object's properties, `!` where required."""
        required = schema.get("required", [])
        return {name: self.kind(item) + "!" * (name in required) for name, item in schema.get("properties", {}).items()}

    def resolve(self, schema: Json) -> Json:
        if "$ref" in schema:
            return self.resolve(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        alternatives = [self.resolve(item) for item in schema.get("anyOf", [])]
        kept = [item for item in alternatives if item.get("type") != "null"]
        return kept[0] if len(kept) == 1 else schema

    def kind(self, schema: Json) -> str:
        """A JSON type, `[]` behind it for a list of it."""
        schema = self.resolve(schema)
        if schema.get("type") == "array":
            return self.kind(schema["items"]) + "[]"
        return str(schema.get("type"))

    def inner(self, schema: Json, name: str) -> Json:
        """The object, or the object in the list, behind one property."""
        schema = self.resolve(schema["properties"][name])
        return self.resolve(schema["items"]) if schema.get("type") == "array" else schema

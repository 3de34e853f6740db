import type { Role } from "@/api/types";

// The server decides; this only keeps away what it would refuse.

export function mayWrite(role: Role): boolean {
  return role !== "viewer";
}

export function mayAdminister(role: Role): boolean {
  return role === "owner" || role === "admin";
}

/** Owners are made and unmade by owners only. */
export function assignableRoles(role: Role): Role[] {
  if (role === "owner") return ["owner", "admin", "agent", "viewer"];
  return role === "admin" ? ["admin", "agent", "viewer"] : [];
}

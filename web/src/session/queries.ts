import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import type { Me } from "@/api/types";

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => api.get<Me>("/me", undefined, signal),
  staleTime: 5 * 60_000,
  retry: false,
});

export const setupQuery = queryOptions({
  queryKey: keys.setup,
  queryFn: ({ signal }) => api.get<{ needed: boolean }>("/setup", undefined, signal),
  retry: false,
});

/** A sign-in, a set-up and an accepted invitation all end the same way: with me, and a clean slate. */
function useEntrance<T>(address: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: T) => (await api.act<Me>(address, body)).data,
    onSuccess: (me) => {
      client.clear();
      client.setQueryData(keys.me, me);
    },
  });
}

export const useSignIn = () => useEntrance<{ email: string; password: string }>("/session");
export const useSetup = () =>
  useEntrance<{
    token: string;
    workspace: string;
    name: string;
    email: string;
    password: string;
    zone: string;
  }>("/setup");
export const useAccept = () =>
  useEntrance<{ token: string; name: string; password: string; zone: string }>("/invitations/accept");

export type Invitation = { workspace: string; name: string; email: string; role: string };

export function invitationQuery(token: string) {
  return queryOptions({
    queryKey: ["invitation", token],
    queryFn: async () => (await api.act<Invitation>("/invitations/look", { token })).data,
    enabled: token !== "",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.remove("/session"),
    onSettled: () => client.clear(),
  });
}

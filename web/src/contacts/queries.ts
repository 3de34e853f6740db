import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import { saveFields } from "@/api/save";
import type { Contact, Conversation, Page } from "@/api/types";

export const contactsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: keys.contactList(q),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Contact>>("/contacts", { q, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<Contact>(data),
  });

export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: keys.contact(id),
    queryFn: ({ signal }) => api.get<Contact>(`/contacts/${id}`, undefined, signal),
  });

export const contactConversationsQuery = (id: string) =>
  queryOptions({
    queryKey: ["conversation", "of-contact", id],
    queryFn: async ({ signal }) =>
      (await api.get<Page<Conversation>>("/conversations", { contact: id, limit: 50 }, signal)).items,
  });

export function useSaveContact(contact: Contact) {
  const client = useQueryClient();
  return async (change: Partial<Pick<Contact, "name" | "email" | "phone" | "notes">>) => {
    const answer = await saveFields(
      client,
      keys.contact(contact.id),
      `/contacts/${contact.id}`,
      contact,
      change,
    );
    void client.invalidateQueries({ queryKey: ["contact", "list"] });
    void client.invalidateQueries({ queryKey: keys.conversations });
    return answer;
  };
}

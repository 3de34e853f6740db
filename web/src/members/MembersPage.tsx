import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link2, MoreHorizontal, UserCheck, UserMinus, UserPlus } from "lucide-react";
import { useState } from "react";
import { ApiError, api, keyFor, newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Member, Role } from "@/api/types";
import { useMay, useMe } from "@/session/me";
import { assignableRoles } from "@/session/permissions";
import { AdminPage } from "@/shell/AdminPage";
import { membersQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { Button, IconButton } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { cx } from "@/ui/classes";
import { Dialog } from "@/ui/Dialog";
import { ChoiceField, TextField } from "@/ui/Field";
import { Menu, MenuItem, MenuLine, MenuTitle } from "@/ui/Menu";
import { Failed, messageOf, Problem, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";

type Link = { name: string; url: string };

export function MembersPage() {
  const query = useQuery(membersQuery);
  const may = useMay();
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<Link | null>(null);
  return (
    <AdminPage
      title={texts.members.title}
      hint={texts.members.hint}
      actions={
        may.administer ? (
          <Button look="primary" onClick={() => setInviting(true)}>
            <UserPlus size={14} />
            {texts.members.invite}
          </Button>
        ) : null
      }
    >
      {query.isPending ? (
        <SkeletonRows tall rows={4} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <ul className="rounded-12 border border-line">
          {query.data.map((m) => (
            <li key={m.id} className="border-b border-line last:border-0">
              <Row member={m} onLink={setLink} />
            </li>
          ))}
        </ul>
      )}
      <Dialog
        open={inviting}
        onOpenChange={setInviting}
        title={texts.members.inviteTitle}
        hint={texts.members.inviteHint}
      >
        {inviting ? (
          <InviteForm
            onDone={(made) => {
              setInviting(false);
              setLink(made);
            }}
          />
        ) : null}
      </Dialog>
      <Dialog
        open={link !== null}
        onOpenChange={(open) => !open && setLink(null)}
        title={texts.members.linkTitle}
        hint={link ? texts.members.linkHint(link.name) : undefined}
      >
        {link ? <CopyText text={link.url} label={texts.members.linkTitle} /> : null}
      </Dialog>
    </AdminPage>
  );
}

function InviteForm({ onDone }: { onDone: (link: Link) => void }) {
  const me = useMe();
  const client = useQueryClient();
  const [role, setRole] = useState<Role>("agent");
  const [key] = useState(newKey);
  const invite = useMutation({
    mutationFn: async (body: { name: string; email: string; role: Role }) =>
      (
        await api.create<{ member: Member; invite_url: string }>(
          "/members",
          body,
          keyFor(key, body.name, body.email, body.role),
        )
      ).data,
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: keys.members });
      onDone({ name: made.member.name, url: made.invite_url });
    },
  });
  const error = invite.error instanceof ApiError ? invite.error : null;
  return (
    <form
      className="flex flex-col gap-4"
      onChange={() => invite.isError && invite.reset()}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        invite.mutate({
          name: String(form.get("name")).trim(),
          email: String(form.get("email")).trim(),
          role,
        });
      }}
    >
      <TextField
        label={texts.members.name}
        name="name"
        required
        autoComplete="off"
        error={error?.field("name")}
      />
      <TextField
        label={texts.members.email}
        name="email"
        type="email"
        required
        autoComplete="off"
        error={error?.field("email")}
      />
      <ChoiceField<Role>
        label={texts.members.role}
        value={role}
        onChange={setRole}
        options={assignableRoles(me.member.role).map((r) => ({
          value: r,
          label: texts.roles[r],
          hint: texts.roleHints[r],
        }))}
        error={error?.field("role")}
      />
      {invite.error && !error?.errors.length ? <Problem>{messageOf(invite.error)}</Problem> : null}
      <Button type="submit" look="primary" className="self-end" disabled={invite.isPending}>
        {texts.members.inviteDo}
      </Button>
    </form>
  );
}

function Row({ member: m, onLink }: { member: Member; onLink: (link: Link) => void }) {
  const me = useMe();
  const may = useMay();
  const client = useQueryClient();
  const report = useReport();
  const change = useMutation({
    mutationFn: (body: { role?: Role; state?: "active" | "inactive" }) =>
      api.patch<Member>(`/members/${m.id}`, body, m.version),
    onMutate: (body) => {
      const before = client.getQueryData<Member[]>(keys.members);
      client.setQueryData<Member[]>(keys.members, (all) =>
        all?.map((x) => (x.id === m.id ? { ...x, ...body } : x)),
      );
      return { before };
    },
    onError: (error, _body, context) => {
      client.setQueryData(keys.members, context?.before);
      report.failed(error);
    },
    onSuccess: ({ undoId }, body) => {
      report.done(
        body.role
          ? texts.members.roleChanged(m.name, texts.roles[body.role])
          : body.state === "inactive"
            ? texts.members.deactivated(m.name)
            : texts.members.activated(m.name),
        undoId,
      );
    },
    onSettled: () => void client.invalidateQueries({ queryKey: keys.members }),
  });
  const newLink = useMutation({
    mutationFn: async () => (await api.act<{ invite_url: string }>(`/members/${m.id}/invite`)).data,
    onSuccess: ({ invite_url }) => onLink({ name: m.name, url: invite_url }),
    onError: (error) => report.failed(error),
  });
  const roles = assignableRoles(me.member.role);
  const mine = m.id === me.member.id;
  const editable = may.administer && !mine && roles.includes(m.role);
  return (
    <div className={"flex min-h-15 items-center gap-3 px-4 py-2"}>
      <Avatar name={m.name} kind={m.state === "active" ? "member" : "contact"} size={32} />
      <div className="min-w-0 flex-1">
        <p className={cx("truncate text-14 font-medium", m.state === "inactive" && "text-ink-3")}>
          {m.name}
          {mine ? <span className="font-normal text-ink-3"> ({texts.members.you})</span> : null}
        </p>
        <p className="truncate text-12 text-ink-3">
          {m.email}
          {m.last_seen_at ? (
            <span className="max-sm:hidden">
              {" · "}
              {texts.members.lastSeen} <When at={m.last_seen_at} />
            </span>
          ) : null}
        </p>
      </div>
      {m.state === "active" ? null : (
        <Tag tone={m.state === "invited" ? "warn" : "plain"}>{texts.members.state[m.state]}</Tag>
      )}
      <span className="w-16 text-right text-13 text-ink-2">{texts.roles[m.role]}</span>
      {editable ? (
        <Menu
          trigger={
            <IconButton label={texts.common.more}>
              <MoreHorizontal size={16} />
            </IconButton>
          }
        >
          <MenuTitle>{texts.members.role}</MenuTitle>
          {roles.map((r) => (
            <MenuItem
              key={r}
              checked={r === m.role}
              onSelect={() => r !== m.role && change.mutate({ role: r })}
            >
              {texts.roles[r]}
            </MenuItem>
          ))}
          <MenuLine />
          {m.state === "inactive" ? (
            <MenuItem icon={<UserCheck size={14} />} onSelect={() => change.mutate({ state: "active" })}>
              {texts.members.activate}
            </MenuItem>
          ) : (
            <>
              <MenuItem icon={<Link2 size={14} />} onSelect={() => newLink.mutate()}>
                {texts.members.newLink}
              </MenuItem>
              <MenuItem
                danger
                icon={<UserMinus size={14} />}
                onSelect={() => change.mutate({ state: "inactive" })}
              >
                {texts.members.deactivate}
              </MenuItem>
            </>
          )}
        </Menu>
      ) : (
        <span className="w-8" />
      )}
    </div>
  );
}

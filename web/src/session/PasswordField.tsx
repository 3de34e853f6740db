import { Eye, EyeOff } from "lucide-react";
import { type InputHTMLAttributes, useState } from "react";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { TextField } from "@/ui/Field";

export function PasswordField(
  props: { label: string; hint?: string; error?: string } & InputHTMLAttributes<HTMLInputElement>,
) {
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <TextField {...props} type={shown ? "text" : "password"} className="pr-10" required />
      <IconButton
        label={shown ? texts.session.hidePassword : texts.session.showPassword}
        onClick={() => setShown(!shown)}
        className="absolute top-7 right-0.5"
      >
        {shown ? <EyeOff size={16} /> : <Eye size={16} />}
      </IconButton>
    </div>
  );
}

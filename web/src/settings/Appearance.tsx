import { Monitor, Moon, Sun } from "lucide-react";
import { texts } from "@/texts";
import { Segmented } from "@/ui/Field";
import { setTheme, useTheme } from "./theme";

export function Appearance() {
  const theme = useTheme();
  return (
    <>
      <p className="mb-1.5 text-13 font-medium">{texts.settings.theme}</p>
      <Segmented
        label={texts.settings.theme}
        value={theme}
        onChange={setTheme}
        options={[
          {
            value: "system",
            name: texts.settings.themes.system,
            label: (
              <>
                <Monitor size={14} aria-hidden /> {texts.settings.themes.system}
              </>
            ),
          },
          {
            value: "light",
            name: texts.settings.themes.light,
            label: (
              <>
                <Sun size={14} aria-hidden /> {texts.settings.themes.light}
              </>
            ),
          },
          {
            value: "dark",
            name: texts.settings.themes.dark,
            label: (
              <>
                <Moon size={14} aria-hidden /> {texts.settings.themes.dark}
              </>
            ),
          },
        ]}
      />
    </>
  );
}

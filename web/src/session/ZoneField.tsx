import { useMemo } from "react";
import { texts } from "@/texts";
import { allZones } from "@/time/zone";
import { SelectField } from "@/ui/Field";

export function ZoneField({
  value,
  onChange,
  error,
  label = texts.session.zone,
  disabled,
}: {
  value: string;
  onChange: (zone: string) => void;
  error?: string;
  label?: string;
  disabled?: boolean;
}) {
  const options = useMemo(() => {
    const zones = allZones();
    return (zones.includes(value) ? zones : [value, ...zones]).map((z) => ({
      value: z,
      label: z.replaceAll("_", " "),
    }));
  }, [value]);
  return (
    <SelectField
      label={label}
      value={value}
      onChange={onChange}
      options={options}
      error={error}
      disabled={disabled}
    />
  );
}

// Services of a home's devices for the form's list, with the data that a new call begins with.
const SWITCH = { turn_on: null, turn_off: null, toggle: null };

const SERVICES = {
  light: { turn_on: null, turn_off: null, toggle: null }, switch: SWITCH, input_boolean: SWITCH, siren: SWITCH,
  fan: { ...SWITCH, set_percentage: { percentage: 50 } }, humidifier: { ...SWITCH, set_humidity: { humidity: 50 } },
  climate: { set_temperature: { temperature: 24 }, set_hvac_mode: { hvac_mode: 'heat' }, turn_on: null, turn_off: null },
  lock: { lock: null, unlock: null }, cover: { open_cover: null, close_cover: null, set_cover_position: { position: 50 } },
  valve: { open_valve: null, close_valve: null }, vacuum: { start: null, return_to_base: null }, button: { press: null },
  media_player: { turn_on: null, turn_off: null, media_play: null, media_pause: null, volume_set: { volume_level: 0.2 } },
  input_number: { set_value: { value: 0 } }, input_select: { select_option: { option: '' } }, input_text: { set_value: { value: '' } },
};

/** service name → data that it needs (or null), for the domains and notify services that `home` has. */
export function servicesOf(home) {
  const domains = new Set(home.entities.map(({ id }) => id.split('.')[0]));
  const found = Object.entries(SERVICES).filter(([domain]) => domains.has(domain))
    .flatMap(([domain, services]) => Object.entries(services).map(([name, data]) => [`${domain}.${name}`, data]));
  const notify = (home.notify ?? []).map((name) => [`notify.${name}`, { message: '' }]);
  const scenes = Object.keys(home.scenes ?? {}).length ? [['scene.turn_on', null]] : [];
  return Object.fromEntries([...found, ...notify, ...scenes]);
}

/** The entities that `service` may be called for; all of them for homeassistant.*. */
export function targetsOf(home, service) {
  const domain = service.split('.')[0];
  if (domain === 'scene') return Object.entries(home.scenes ?? {}).map(([id, { name }]) => ({ id, name }));
  return domain === 'homeassistant' ? home.entities : home.entities.filter(({ id }) => id.startsWith(`${domain}.`));
}

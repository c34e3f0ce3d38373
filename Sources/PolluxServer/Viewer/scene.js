// A stylised machining centre: bed, column, table, head with a spindle that turns with its speed
// and takes the colour of its vibration. Distances are in metres or thereabouts.

/** Loads three.js and builds the scene; rejects when the library is not installed. */
export async function makeScene(container) {
  const library = await import("/viewer/three.js");
  return new MachineScene(library.THREE, library.OrbitControls, container);
}

const ramp = [[0, 0x3fa7b5], [0.38, 0x58c489], [0.66, 0xf0b351], [1, 0xef5a4b]];

class MachineScene {
  constructor(THREE, OrbitControls, container) {
    this.THREE = THREE;
    this.container = container;
    this.target = { rpm: 0, heat: 0, x: 0, y: 0, z: 0, known: false };
    this.shown = { rpm: 0, heat: 0, x: 0, y: 0, z: 0 };
    this.renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio || 1, 2));
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = THREE.PCFSoftShadowMap;
    this.renderer.toneMapping = THREE.ACESFilmicToneMapping;
    container.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(33, 1, 0.1, 60);
    this.camera.position.set(4.5, 2.9, 5.4);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.target.set(0, 1.12, 0);
    this.controls.enableDamping = true;
    this.controls.enablePan = false;
    this.controls.minDistance = 3.5;
    this.controls.maxDistance = 12;
    this.controls.maxPolarAngle = 1.5;
    this.light();
    this.build();
    new ResizeObserver(() => this.resize()).observe(container);
    this.resize();
    this.before = performance.now();
    this.renderer.setAnimationLoop((now) => this.step(now));
  }

  light() {
    const { THREE, scene } = this;
    scene.add(new THREE.HemisphereLight(0xbfd6e6, 0x1a222a, 1.5));
    const key = new THREE.DirectionalLight(0xffffff, 2.6);
    key.position.set(3.5, 6, 4);
    key.castShadow = true;
    key.shadow.mapSize.set(1024, 1024);
    const view = key.shadow.camera;
    view.left = view.bottom = -3;
    view.right = view.top = 3;
    key.shadow.radius = 6;
    key.shadow.bias = -0.0005;
    scene.add(key);
    const rim = new THREE.DirectionalLight(0x7fb7d6, 1.4);
    rim.position.set(-4, 3, -4);
    scene.add(rim);
  }

  build() {
    const { THREE, scene } = this;
    const paint = (color, roughness = 0.65, metalness = 0.15) =>
      new THREE.MeshStandardMaterial({ color, roughness, metalness });
    const shell = paint(0x90a1ae);
    const dark = paint(0x2c3843, 0.7);
    const steel = paint(0xc4ced6, 0.32, 0.85);
    const accent = paint(0x2f7d74, 0.6);
    const box = (parent, material, size, at) => {
      const mesh = new THREE.Mesh(new THREE.BoxGeometry(...size), material);
      mesh.position.set(...at);
      mesh.castShadow = mesh.receiveShadow = true;
      parent.add(mesh);
      return mesh;
    };
    const tube = (parent, material, [top, bottom, height], at, sides = 48) => {
      const mesh = new THREE.Mesh(new THREE.CylinderGeometry(top, bottom, height, sides), material);
      mesh.position.set(...at);
      mesh.castShadow = true;
      parent.add(mesh);
      return mesh;
    };

    const floor = new THREE.Mesh(
      new THREE.CircleGeometry(4.2, 64), new THREE.MeshStandardMaterial({ color: 0x131a21, roughness: 1 }));
    floor.rotation.x = -Math.PI / 2;
    floor.receiveShadow = true;
    scene.add(floor);
    const grid = new THREE.PolarGridHelper(4.2, 12, 6, 64, 0x24303b, 0x1b252e);
    grid.position.y = 0.003;
    scene.add(grid);

    box(scene, dark, [2.1, 0.14, 1.9], [0, 0.07, 0]);
    box(scene, shell, [1.9, 0.5, 1.7], [0, 0.38, 0]);
    box(scene, accent, [1.91, 0.07, 1.71], [0, 0.5, 0]);
    box(scene, shell, [0.86, 1.75, 0.5], [0, 1.45, -0.6]);
    box(scene, dark, [0.12, 1.55, 0.06], [-0.24, 1.5, -0.33]);
    box(scene, dark, [0.12, 1.55, 0.06], [0.24, 1.5, -0.33]);
    box(scene, dark, [1.15, 0.07, 1.0], [0, 0.665, 0.18]);
    box(scene, dark, [0.3, 0.95, 0.42], [0.78, 1.1, -0.58]);
    box(scene, accent, [0.24, 0.3, 0.02], [0.78, 1.32, -0.36]);

    this.saddle = new THREE.Group();
    this.saddle.position.set(0, 0.73, 0.2);
    scene.add(this.saddle);
    box(this.saddle, steel, [1.5, 0.09, 0.58], [0, 0.05, 0]);
    for (const z of [-0.18, 0, 0.18]) box(this.saddle, dark, [1.49, 0.012, 0.035], [0, 0.092, z]);
    box(this.saddle, dark, [0.56, 0.13, 0.36], [0, 0.16, 0]);
    this.part = box(this.saddle, paint(0xb8a06a, 0.45, 0.6), [0.4, 0.17, 0.26], [0, 0.3, 0]);

    this.head = new THREE.Group();
    this.head.position.set(0, 1.85, 0.18);
    scene.add(this.head);
    box(this.head, shell, [0.6, 0.78, 0.75], [0, 0.12, -0.14]);
    box(this.head, accent, [0.61, 0.08, 0.76], [0, 0.32, -0.14]);
    tube(this.head, dark, [0.16, 0.16, 0.28], [0, 0.64, -0.02]);

    this.spindle = new THREE.Group();
    this.spindle.position.set(0, -0.27, 0.02);
    this.head.add(this.spindle);
    this.glow = new THREE.MeshStandardMaterial({ color: 0x3fa7b5, roughness: 0.35, metalness: 0.4, emissive: 0x3fa7b5, emissiveIntensity: 0.25 });
    tube(this.spindle, this.glow, [0.2, 0.17, 0.24], [0, -0.1, 0]);
    for (let key = 0; key < 6; key += 1) {
      const angle = (key / 6) * Math.PI * 2;
      const mark = box(this.spindle, dark, [0.035, 0.2, 0.02], [Math.sin(angle) * 0.187, -0.1, Math.cos(angle) * 0.187]);
      mark.rotation.y = angle;
    }
    tube(this.spindle, steel, [0.11, 0.08, 0.14], [0, -0.29, 0]);
    tube(this.spindle, steel, [0.035, 0.035, 0.22], [0, -0.46, 0], 6);
    for (const side of [0, 1, 2]) {
      const flute = box(this.spindle, dark, [0.012, 0.2, 0.03], [0, -0.46, 0]);
      flute.position.x = Math.sin((side / 3) * Math.PI * 2) * 0.034;
      flute.position.z = Math.cos((side / 3) * Math.PI * 2) * 0.034;
      flute.rotation.y = (side / 3) * Math.PI * 2;
    }
    this.halo = new THREE.PointLight(0x3fa7b5, 0.6, 1.6);
    this.halo.position.set(0, -0.42, 0.34);
    this.head.add(this.halo);

    tube(scene, dark, [0.025, 0.025, 0.3], [0.3, 2.46, -0.62]);
    this.lamp = tube(scene, new THREE.MeshStandardMaterial({ color: 0x33414d, emissive: 0x000000 }), [0.05, 0.05, 0.13], [0.3, 2.66, -0.62]);
  }

  /** Takes the newest values: speed in 1/min, heat 0 to 1 where it is known, positions -1 to 1. */
  show(values) {
    Object.assign(this.target, values);
  }

  /** A lamp as on the machine: green runs, amber waits, red alarm, off unknown. */
  setLamp(color) {
    const colors = { green: 0x3fd184, amber: 0xf0b351, red: 0xff5040 };
    const value = colors[color] ?? 0x33414d;
    this.lamp.material.color.set(value);
    this.lamp.material.emissive.set(colors[color] ? value : 0);
    this.lamp.material.emissiveIntensity = 0.9;
  }

  /** Stands still where it is, without colour: nothing is known. */
  forget() {
    Object.assign(this.target, { rpm: 0, heat: 0, known: false });
    this.setLamp("");
  }

  step(now) {
    const seconds = Math.min(0.1, (now - this.before) / 1000);
    this.before = now;
    // Where it is not shown, drawing would only cost.
    if (!this.container.clientWidth) return;
    const { shown, target } = this;
    const ease = 1 - Math.exp(-seconds * 5);
    for (const name of ["rpm", "heat", "x", "y", "z"]) shown[name] += (target[name] - shown[name]) * ease;
    // A true 8,000 turns a minute would only flicker: shown 40 times slower, still in proportion.
    this.spindle.rotation.y -= ((shown.rpm / 60) * Math.PI * 2 * seconds) / 40;
    const color = this.colorOf(shown.heat);
    this.glow.color.copy(color);
    this.glow.emissive.copy(color);
    this.glow.emissiveIntensity = target.known ? 0.2 + shown.heat * 0.9 : 0;
    this.halo.color.copy(color);
    this.halo.intensity = target.known ? 0.12 + shown.heat * 0.5 : 0;
    if (!target.known) this.glow.color.set(0x52616e);
    const shake = shown.rpm > 10 ? shown.heat * 0.006 : 0;
    this.saddle.position.x = shown.x * 0.32;
    this.saddle.position.z = 0.2 + shown.y * 0.14;
    this.head.position.set(shake * Math.sin(now * 0.11), 1.85 + shown.z * 0.16, 0.18 + shake * Math.cos(now * 0.13));
    this.controls.update();
    this.renderer.render(this.scene, this.camera);
  }

  colorOf(heat) {
    const color = new this.THREE.Color();
    for (let index = 1; index < ramp.length; index += 1) {
      const [from, low] = ramp[index - 1];
      const [to, high] = ramp[index];
      if (heat > to && index < ramp.length - 1) continue;
      const share = Math.min(1, Math.max(0, (heat - from) / (to - from)));
      return color.set(low).lerp(new this.THREE.Color(high), share);
    }
    return color;
  }

  resize() {
    const { clientWidth, clientHeight } = this.container;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
  }
}

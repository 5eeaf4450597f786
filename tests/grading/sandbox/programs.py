"""Ordinary programs, as candidates write them: each must run to its end in every backend and say "ok".

`tools/syscalls.py` records the system calls that they make.
"""

# ruff: noqa: E501  (programs want to be short)

from __future__ import annotations

from collections.abc import Mapping

BARE_PROGRAMS: Mapping[str, str] = {
    "threads": """
import concurrent.futures, queue, threading, time
waiting, seen, lock, gate = queue.Queue(), [], threading.Lock(), threading.Barrier(4)
def work():
    gate.wait()
    while (item := waiting.get()) is not None:
        with lock: seen.append(item)
workers = [threading.Thread(target=work, name=f'w{n}') for n in range(4)]
for w in workers: w.start()
for n in range(100): waiting.put(n)
for w in workers: waiting.put(None)
for w in workers: w.join()
event = threading.Event(); threading.Timer(.05, event.set).start(); assert event.wait(5)
with concurrent.futures.ThreadPoolExecutor(3) as pool: assert sum(pool.map(lambda n: n * n, range(5))) == 30
assert sorted(seen) == list(range(100))
""",
    "subprocess": """
import os, subprocess, sys
done = subprocess.run([sys.executable, '-c', 'print(input()[::-1])'], input='abc', capture_output=True, text=True, timeout=20)
assert done.stdout == 'cba\\n', done
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)
assert child.poll() is None
try: child.wait(.1)
except subprocess.TimeoutExpired: child.terminate()
assert child.wait(10) == -15
child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.exit(7)'], close_fds=False, preexec_fn=lambda: os.nice(0), env=os.environ)
assert child.wait(20) == 7
assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', '']) == 0
pid = os.posix_spawn(sys.executable, [sys.executable, '-c', ''], os.environ); assert os.waitpid(pid, 0)[1] == 0
""",
    "multiprocessing": """
import concurrent.futures, multiprocessing as mp
from multiprocessing import shared_memory
def double(n): return n * 2
def fill(shared, values, box):
    values[0] = 5; box.put('hello'); block = shared_memory.SharedMemory(name=shared); block.buf[0] = 7; block.close()
if __name__ == '__main__':
    for method in ('fork', 'spawn', 'forkserver'):
        context = mp.get_context(method)
        with context.Pool(2) as pool: assert pool.map(double, [1, 2]) == [2, 4], method
    block = shared_memory.SharedMemory(create=True, size=64)
    box, values = mp.Queue(), mp.Array('i', 3)
    child = mp.Process(target=fill, args=(block.name, values, box)); child.start()
    assert box.get(timeout=20) == 'hello'; child.join(20); assert (values[0], block.buf[0]) == (5, 7); block.close(); block.unlink()
    ours, theirs = mp.Pipe(); theirs.send({'a': 1}); assert ours.poll(1) and ours.recv() == {'a': 1}
    with mp.Manager() as manager: shared = manager.dict(); shared['x'] = 1; assert dict(shared) == {'x': 1}
    with concurrent.futures.ProcessPoolExecutor(2) as pool: assert list(pool.map(double, [3])) == [6]
    assert mp.Lock().acquire() and mp.Semaphore(2).acquire()
""",
    "asyncio": """
import asyncio, signal, sys
async def serve(reader, writer):
    writer.write((await reader.readline()).upper()); await writer.drain(); writer.close()
async def main():
    server = await asyncio.start_unix_server(serve, '/tmp/s')
    reader, writer = await asyncio.open_unix_connection('/tmp/s')
    writer.write(b'hello\\n'); assert await reader.readline() == b'HELLO\\n'; writer.close(); server.close()
    child = await asyncio.create_subprocess_exec(sys.executable, '-c', 'print(1)', stdout=asyncio.subprocess.PIPE)
    assert (await child.communicate())[0] == b'1\\n'
    loop = asyncio.get_running_loop(); loop.add_signal_handler(signal.SIGUSR1, lambda: None)
    assert await asyncio.to_thread(sum, [1, 2]) == 3
    await asyncio.wait_for(asyncio.gather(*(asyncio.sleep(.01) for n in range(5))), 5)
asyncio.run(main())
""",
    "sqlite3": """
import dbm, shelve, sqlite3
with sqlite3.connect('a.db') as db:
    db.execute('pragma journal_mode=wal'); db.execute('create table t(a, b)'); db.executemany('insert into t values(?, ?)', [(n, n * n) for n in range(999)])
other = sqlite3.connect('a.db', timeout=1); assert other.execute('select sum(b) from t').fetchone()[0] > 0; other.execute('vacuum'); other.backup(sqlite3.connect('b.db'))
with shelve.open('shelf') as shelf: shelf['a'] = [1]
""",
    "files": """
import filecmp, fileinput, glob, os, pathlib, shutil, stat, tempfile
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as one, tempfile.TemporaryFile() as two, tempfile.SpooledTemporaryFile(1) as three:
    one.write(b'x'); one.flush(); two.write(b'y'); three.write(b'zzz')
    root = pathlib.Path(folder, 'a'); (root / 'b').mkdir(parents=True); (root / 'b' / '文件.txt').write_text('你好', 'utf-8')
    (root / 'link').symlink_to('b'); os.link(root / 'b' / '文件.txt', root / 'hard'); (root / 'hard').chmod(0o640); os.utime(root / 'hard', (1 << 30, 1 << 30))
    shutil.copytree(root, folder + '/copy', symlinks=True); shutil.copy2(root / 'hard', folder + '/c2'); shutil.move(folder + '/c2', folder + '/c3')
    assert len(list(pathlib.Path(folder).rglob('*'))) > 5 and filecmp.cmp(root / 'hard', folder + '/c3'); shutil.rmtree(folder + '/copy')
    assert stat.filemode((root / 'link').lstat().st_mode)[0] == 'l' and (root / 'link').resolve().name == 'b' and os.path.realpath(folder)
    os.replace(folder + '/c3', folder + '/c4'); os.truncate(folder + '/c4', 1); os.mkfifo(folder + '/pipe'); os.chown(folder + '/c4', os.getuid(), os.getgid())
    assert shutil.disk_usage(folder).total and os.statvfs(folder).f_bsize and sum(1 for _ in os.walk('/usr/lib')) and glob.glob('/etc/*')
    shutil.make_archive(folder + '/all', 'zip', root); shutil.unpack_archive(folder + '/all.zip', folder + '/out')
    with open(folder + '/c4', 'r+b', buffering=0) as file:
        file.seek(3); file.write(b'x'); os.fsync(file); os.fdatasync(file); os.pwrite(file.fileno(), b'y', 9); os.posix_fallocate(file.fileno(), 0, 99); os.pread(file.fileno(), 3, 0)
        os.preadv(file.fileno(), [bytearray(2)], 0); os.writev(file.fileno(), [b'a', b'b']); os.copy_file_range(file.fileno(), one.fileno(), 2, 0)
    here = os.open('.', os.O_RDONLY); os.chdir('/tmp'); os.fchdir(here); os.mkdir('d', dir_fd=here); os.rmdir('d', dir_fd=here); os.umask(0o22); os.access('.', os.W_OK); os.scandir(here)
    try: os.setxattr(folder, 'user.a', b'1'); os.getxattr(folder, 'user.a'); os.listxattr(folder); os.removexattr(folder, 'user.a')
    except OSError as error: assert error.errno == 95, error
""",
    "archives": """
import bz2, gzip, lzma, tarfile, zipfile, zlib
data = b'some text ' * 9999
for module in (bz2, gzip, lzma):
    with module.open('f', 'wb') as file: file.write(data)
    assert module.open('f').read() == data
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED) as archive: archive.writestr('x/y.txt', data); archive.write('f')
with zipfile.ZipFile('a.zip') as archive: archive.testzip(); archive.extractall('out')
with tarfile.open('a.tar.gz', 'w:gz') as archive: archive.add('out')
with tarfile.open('a.tar.gz') as archive: archive.extractall('out2')
assert open('out2/out/x/y.txt', 'rb').read() == data
""",
    "mmap": """
import array, ctypes, fcntl, mmap, os, struct
with open('m', 'w+b') as file:
    file.truncate(1 << 20); block = mmap.mmap(file.fileno(), 0); block[:4] = b'abcd'; block.flush(); block.madvise(mmap.MADV_DONTNEED); block.resize(2 << 20); block.close()
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB); fcntl.lockf(file, fcntl.LOCK_EX); fcntl.fcntl(file, fcntl.F_GETFL); assert file.read(4) == b'abcd'
anonymous = mmap.mmap(-1, 1 << 16); anonymous[0] = 1
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda a, b: 0)
ctypes.CDLL(None).qsort((ctypes.c_int * 4)(3, 1, 2, 0), 4, 4, callback)
big = bytearray(64 << 20); del big; assert struct.calcsize('i') == 4 and array.array('d', range(9)).tobytes()
""",
    "sockets": """
import os, select, selectors, socket
a, b = socket.socketpair(); a.settimeout(5); b.settimeout(5); a.sendall(b'x' * 1000); assert len(b.recv(1000, socket.MSG_WAITALL)) == 1000
server = socket.socket(socket.AF_UNIX); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); server.bind('/tmp/u'); server.listen(); client = socket.socket(socket.AF_UNIX); client.connect('/tmp/u')
inside, _ = server.accept(); r, w = os.pipe(); socket.send_fds(inside, [b'1'], [r]); socket.recv_fds(client, 9, 1); client.getpeername(); client.getsockname(); client.shutdown(socket.SHUT_WR)
d, e = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); d.send(b'1'); assert e.recv(9) == b'1'; assert inside.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
with selectors.DefaultSelector() as selector: selector.register(r, 1); os.write(w, b'1'); assert selector.select(1)
assert select.select([r], [], [], 1)[0]; poll = select.poll(); poll.register(r); assert poll.poll(10); epoll = select.epoll(); epoll.register(r); assert epoll.poll(1)
os.set_blocking(r, False); os.set_inheritable(r, True); os.dup(r); os.dup2(r, 50); os.sendfile(w, os.open('/etc/passwd', os.O_RDONLY), 0, 10); os.eventfd(0)
socket.gethostname(); socket.getfqdn()
""",
    "signals": """
import faulthandler, os, resource, signal, sys, threading, time
seen = []; faulthandler.enable(); faulthandler.dump_traceback_later(60); faulthandler.cancel_dump_traceback_later()
for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGCHLD): signal.signal(number, lambda n, f: seen.append(n))
signal.setitimer(signal.ITIMER_REAL, .02); time.sleep(.1); signal.alarm(1); signal.alarm(0); os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); os.kill(os.getpid(), signal.SIGUSR2); assert signal.sigwait([signal.SIGUSR2]); signal.sigpending(); signal.sigtimedwait([signal.SIGUSR2], .01)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1); signal.siginterrupt(signal.SIGUSR1, False)
pid = os.fork()
if pid == 0: signal.pause(); os._exit(0)
handle = os.pidfd_open(pid); signal.pidfd_send_signal(handle, 9); assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
assert seen.count(signal.SIGUSR1) == 3 and signal.SIGALRM in seen
resource.getrlimit(resource.RLIMIT_NOFILE); resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); resource.getrusage(resource.RUSAGE_SELF); os.times(); time.process_time(); time.thread_time(); time.clock_getres(time.CLOCK_REALTIME)
""",
    "system": """
import calendar, cProfile, csv, ctypes.util, datetime, decimal, email.message, getpass, hashlib, io, json, locale, logging, logging.handlers, os, pickle, platform, pstats, random, secrets, statistics, sys, sysconfig, time, tracemalloc, unicodedata, urllib.parse, uuid, warnings, xml.etree.ElementTree, zoneinfo
platform.platform(); platform.libc_ver(); os.cpu_count(); os.sched_getaffinity(0); os.sched_setaffinity(0, os.sched_getaffinity(0)); os.getloadavg(); os.uname(); getpass.getuser(); os.getgroups(); os.getresuid(); os.getpriority(os.PRIO_PROCESS, 0); os.sched_yield(); os.urandom(8); os.getrandom(8)
os.getpgid(0); os.getsid(0); os.getpgrp(); os.isatty(1); os.sysconf('SC_NPROCESSORS_ONLN'); uuid.uuid4(); secrets.token_hex(); locale.setlocale(locale.LC_ALL, ''); time.sleep(.001); datetime.datetime.now(zoneinfo.ZoneInfo('Asia/Shanghai')); time.localtime()
handler = logging.handlers.RotatingFileHandler('log', maxBytes=50, backupCount=2); logging.getLogger().addHandler(handler); [logging.warning('some line %d', n) for n in range(9)]
tracemalloc.start(); pickle.loads(pickle.dumps({'a': [1]})); tracemalloc.stop(); cProfile.run('sum(range(9))', 'prof'); hashlib.scrypt(b'x', salt=b'y', n=2, r=1, p=1); json.dump([1], open('j', 'w')); list(csv.reader(open('/etc/passwd')))
try: uuid.uuid1()
except OSError: pass
try: import readline
except ImportError: pass
print(sorted(os.listdir('/proc/self'))[:1], open('/proc/meminfo').readline()[:3], open('/proc/cpuinfo').readline()[:3])
""",
}

PACKAGE_PROGRAMS: Mapping[str, str] = {
    "pandas": """
import numpy as np, pandas as pd
frame = pd.DataFrame({'城市': ['北京', '上海', None] * 50, 'n': np.arange(150.), 't': pd.date_range('2026-01-01', periods=150)})
frame.to_csv('a.csv', index=False); frame.to_excel('a.xlsx', index=False); frame.to_json('a.json'); frame.to_pickle('a.pkl'); frame.to_csv('a.csv.gz')
import sqlite3; frame.to_sql('t', sqlite3.connect('a.db'))
assert pd.read_csv('a.csv', encoding='utf-8').shape == pd.read_excel('a.xlsx').shape == pd.read_pickle('a.pkl').shape == (150, 3)
clean = frame.drop_duplicates().fillna({'城市': '未知'}); clean.groupby('城市').agg({'n': ['mean', 'sum']}); pd.get_dummies(clean, columns=['城市']); clean.merge(clean, on='n'); clean.pivot_table(index='城市', values='n'); clean.describe(include='all'); clean.set_index('t').resample('D').sum()
np.save('x.npy', np.eye(9)); np.load('x.npy', mmap_mode='r+')[0, 0] = 2; np.memmap('m', 'f8', 'w+', shape=(9,)).flush(); np.savez_compressed('z.npz', a=np.eye(3)); np.linalg.svd(np.random.rand(200, 200)); np.random.default_rng().normal(size=9)
""",
    "sklearn": """
import joblib, numpy as np
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
x, y = make_classification(300, random_state=0)
for model in (RandomForestClassifier(20, n_jobs=2), HistGradientBoostingClassifier(max_iter=10), GradientBoostingClassifier(n_estimators=5), KNeighborsClassifier(n_jobs=2), SVC(), MLPClassifier(max_iter=300)):
    make_pipeline(StandardScaler(), PCA(5), model).fit(x, y).score(x, y)
search = GridSearchCV(LogisticRegression(), {'C': [.1, 1]}, n_jobs=2).fit(x, y); cross_val_score(search, x, y, n_jobs=2)
KMeans(3, n_init=2).fit(x); DBSCAN(n_jobs=2).fit(x); TfidfVectorizer().fit_transform(['one two', 'two three']); classification_report(y, search.predict(x)); load_iris()
joblib.dump(search, 'm.joblib', compress=3); joblib.load('m.joblib'); joblib.dump(x, 'x'); joblib.load('x', mmap_mode='r')
assert joblib.Memory('cache', verbose=0).cache(abs)(-3) == 3 and joblib.Parallel(2, backend='threading')(joblib.delayed(abs)(n) for n in range(4))
try:
    from imblearn.over_sampling import SMOTE; SMOTE().fit_resample(x, y)
except ImportError: pass
""",
    "loky": """
import joblib
assert joblib.Parallel(2, backend='loky')(joblib.delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]
import numpy as np
assert joblib.Parallel(2, backend='multiprocessing')(joblib.delayed(np.sum)(np.ones(200_000)) for n in range(2)) == [2e5, 2e5]
""",
    "matplotlib": """
import matplotlib.pyplot as plt, numpy as np, seaborn as sns, pandas as pd
plt.rcParams['font.sans-serif'] = ['Noto Sans CJK SC', 'DejaVu Sans']
figure, axes = plt.subplots(1, 2); axes[0].plot(np.arange(9)); axes[0].set_title('销售额'); axes[1].hist(np.random.randn(99))
for kind in ('png', 'pdf', 'svg', 'jpg'): figure.savefig('f.' + kind)
sns.heatmap(pd.DataFrame(np.eye(3)), annot=True); plt.savefig('h.png'); plt.show(); plt.close('all')
""",
    "pillow": """
from PIL import Image, ImageDraw, ImageFilter, ImageFont
image = Image.new('RGB', (99, 99), 'red'); ImageDraw.Draw(image).text((5, 5), 'hi'); image.filter(ImageFilter.BLUR).resize((20, 20)).rotate(9)
for kind in ('png', 'jpeg', 'gif', 'bmp', 'webp', 'tiff'):
    image.save('i.' + kind); Image.open('i.' + kind).load()
image.convert('L').point(lambda p: 255 if p > 9 else 0).getbbox()
""",
    "scipy": """
import numpy as np, scipy.fft, scipy.io, scipy.optimize, scipy.signal, scipy.sparse.linalg, scipy.stats
scipy.optimize.minimize(lambda v: (v[0] - 1) ** 2, [0]); scipy.stats.ttest_ind(np.random.rand(9), np.random.rand(9)); scipy.fft.fft(np.ones(64), workers=2); scipy.sparse.linalg.svds(scipy.sparse.random(50, 50, .1), 3)
scipy.io.savemat('a.mat', {'a': np.eye(3)}); scipy.io.loadmat('a.mat'); scipy.signal.butter(2, .1)
""",
}

SHELL = r"""#!/bin/bash
set -euo pipefail
trap 'rm -rf "$folder"' EXIT
folder=$(mktemp -d)
for n in 3 1 2; do echo "line $n"; done | sort | tee "$folder/a" > /dev/null
cat <<< "more" >> "$folder/a"; cp -a "$folder/a" "$folder/b"; mv "$folder/b" "$folder/c"; ln -s a "$folder/link"
awk '{ s += $2 } END { exit s != 6 }' "$folder/a"; sed -i s/line/zeile/ "$folder/a"; grep -c zeile "$folder/a" > /dev/null
find "$folder" -type f -print0 | xargs -0 wc -l > /dev/null; tar czf "$folder/x.tgz" -C "$folder" a; tar tzf "$folder/x.tgz" > /dev/null
sleep 0.05 & wait $!; date +%F > /dev/null; id -u > /dev/null; uname > /dev/null; df . > /dev/null; du -s . > /dev/null; stat . > /dev/null
head -c 1000 /dev/urandom | md5sum > /dev/null; (ulimit -n > /dev/null); [[ -r /etc/passwd && ! -e /etc/shadow ]]; seq 3 | while read -r n; do :; done
printf 'x%.0s' {1..9} > out.txt; diff "$folder/a" "$folder/a"; timeout 5 true; ps > /dev/null 2>&1 || true; kill -0 $$; exec 3< "$folder/a"; read -r _ <&3
echo ok
"""

PERL = r"""#!/usr/bin/perl
use strict; use warnings; use File::Temp 'tempdir'; use File::Find; use POSIX (); use IO::Select; use Time::HiRes 'sleep';
my $folder = tempdir(CLEANUP => 1); open(my $out, '>', "$folder/a") or die; print $out "b\na\n"; close $out;
open(my $in, '<', "$folder/a") or die; my @lines = sort <$in>; die unless $lines[0] eq "a\n";
my $pid = fork() // die; if (!$pid) { POSIX::_exit(3) } waitpid($pid, 0); die unless $? >> 8 == 3;
pipe(my $r, my $w); syswrite $w, 'x'; die unless IO::Select->new($r)->can_read(1);
local $SIG{ALRM} = sub { }; alarm 1; alarm 0; sleep 0.01; find(sub { }, $folder); my @s = stat $folder; my $o = `echo hi`; die unless $o eq "hi\n";
flock($in, 1); rename "$folder/a", "$folder/b"; utime 1, 2, "$folder/b"; my %h = map { $_ => 1 } 1 .. 99; mkdir "$folder/d"; rmdir "$folder/d"; print "ok\n";
"""

NODE = r"""#!/usr/bin/env node
const fs = require('fs'), os = require('os'), zlib = require('zlib'), crypto = require('crypto'), { execFileSync, fork } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (!isMainThread) { parentPort.postMessage(42); } else {
  fs.writeFileSync('a.txt', 'hi'); fs.copyFileSync('a.txt', 'b.txt'); fs.renameSync('b.txt', 'c.txt'); fs.statSync('c.txt'); fs.readdirSync('.');
  crypto.randomBytes(8); crypto.pbkdf2Sync('a', 'b', 9, 9, 'sha256'); zlib.gunzipSync(zlib.gzipSync('x')); os.cpus(); os.totalmem(); os.hostname();
  if (execFileSync('/bin/echo', ['1']).toString() !== '1\n') process.exit(1);
  const watcher = fs.watch('.', () => {}), worker = new Worker(__filename);
  worker.on('message', async n => { watcher.close(); await fs.promises.readFile('a.txt'); setTimeout(() => { console.log(n === 42 ? 'ok' : 'no'); }, 10); });
}
"""

C = r"""
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *work(void *x) { *(int *)x = 1; return NULL; }
int main(void) {
    int n = 0, status; pthread_t t; struct timespec now;
    pthread_create(&t, NULL, work, &n); pthread_join(t, NULL);
    char *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); memset(block, 1, 1 << 20);
    clock_gettime(CLOCK_MONOTONIC, &now); free(malloc(64 << 20)); signal(SIGPIPE, SIG_IGN);
    FILE *f = fopen("c.txt", "w"); fprintf(f, "%d", n); fclose(f); FILE *p = popen("exit 0", "r"); pclose(p);
    pid_t child = fork(); if (!child) _exit(4); waitpid(child, &status, 0);
    puts(n == 1 && WEXITSTATUS(status) == 4 ? "ok" : "no"); return 0;
}
"""

SCRIPTS: Mapping[str, tuple[str, str]] = {"bash": ("/bin/bash", SHELL), "perl": ("/usr/bin/perl", PERL), "node": ("/usr/bin/node", NODE)}
"""Name → (interpreter, program) for what is run by its first line, where the interpreter is installed."""

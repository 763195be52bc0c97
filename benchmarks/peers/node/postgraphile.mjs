// PostGraphile 5 with its recommended preset, on node:http.
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';

const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      call: {
        tags: {
          // A call outlives its assistant, so no foreign key of the tables makes the relation.
          foreignKey: '(organization_id, assistant_id) references assistant (organization_id, id)',
        },
      },
    },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  // It would offer relations and conditions by the first columns of an index alone.
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  pgServices: [makePgService({
    poolConfig: {
      host: process.env.BENCH_PG_HOST,
      user: 'postgres',
      database: process.env.BENCH_PG_DATABASE,
      max: Number(process.env.BENCH_POOL || 10),
    },
    schemas: ['public'],
  })],
  grafserv: { graphiql: false, watch: false, websockets: false },
  grafast: { explain: false },
});
const server = createServer();
server.on('error', (error) => { console.error(error); process.exit(1); });
await instance.createServ(grafserv).addTo(server);
server.listen(Number(process.env.BENCH_PORT), '127.0.0.1');

/** What a function does where it is called in a restore, and not where it was written: there this setting is not set. */
const onlyInRestore = (work: string): string => `
  CREATE FUNCTION at_restore(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $planted$
    BEGIN
      IF current_setting('test.at_home', true) IS NULL THEN ${work} END IF;
      RETURN $1;
    END $planted$;
  SET test.at_home = 'yes';`;

/** Its restore would take hours. */
export const SLOW_TO_RESTORE = `
  ${onlyInRestore('PERFORM pg_sleep(36000);')}
  CREATE TABLE slow AS SELECT 1 AS a;
  CREATE INDEX ON slow (public.at_restore(a));`;

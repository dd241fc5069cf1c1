{{ config(severity='error', meta={'grain': 'event_date'}) }}

-- Each row is a dialect that archives were read in and that is gone: without it, nothing says how
-- their copies are to be found. Its file belongs back into the project's folder of dialects.
select
    records.dialect,
    count(*) as records
from {{ ref('int_records_keyed') }} as records
left join {{ source('inputs', 'dialects') }} as dialects on records.dialect = dialects.dialect
where dialects.dialect is null
group by records.dialect

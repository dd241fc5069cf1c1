{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with usage as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

final as (

    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        cast(sum(case when kind = 'message' then 1 else 0 end) as bigint) as messages,
        cast(sum(case when kind = 'file_transfer' then 1 else 0 end) as bigint) as file_transfers,
        cast(sum(case when destination = 'internal' then 1 else 0 end) as bigint) as internal,
        cast(sum(case when destination = 'external' then 1 else 0 end) as bigint) as external,
        cast(sum(len(recipients)) as bigint) as deliveries,
        cast(sum(coalesce(body_characters, 0)) as bigint) as characters,
        sum(cast(coalesce(file_bytes, 0) as decimal(38, 0))) as file_bytes,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from usage
    group by local_date, person_id, name, site, department, cost_centre

)

select * from final

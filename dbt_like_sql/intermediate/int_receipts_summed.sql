{{ config(materialized='table', meta={'grain': 'local_date', 'context_days': 1}) }}

with deliveries as (

    select * from {{ ref('int_deliveries_summed') }}
    where recipient_person_id is not null

),

final as (

    select
        received_date as local_date,
        received_hour as local_hour,
        received_offset_minutes as utc_offset_minutes,
        recipient_person_id as person_id,
        recipient_name as name,
        recipient_site as site,
        recipient_department as department,
        recipient_cost_centre as cost_centre,
        sender_domain,
        cast(sum(messages + file_transfers) as bigint) as received,
        cast(sum(body_bytes) as bigint) as received_body_bytes
    from deliveries
    group by
        received_date,
        received_hour,
        received_offset_minutes,
        recipient_person_id,
        recipient_name,
        recipient_site,
        recipient_department,
        recipient_cost_centre,
        sender_domain

)

select * from final
